import { describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  HttpException,
  Injectable,
  Scope,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
  type Type,
} from '@nestjs/common';
import {
  SnorkyGateway,
  Subscribable,
  type Identification,
  type IdentifiesClient,
  type RouteRequest,
  type UpgradeRequest,
} from 'snorky';
import type { Platform } from '../../../support/servers/app.js';
import { TestSocket } from '../../../support/sockets/socket.js';
import { ACQUIRED, AllTasks, PLATFORMS, RestApp, UNKNOWN } from './fixture.js';

const NOBODY = { user: false };

/** Finds a user by a header, on a route and on an upgrade alike. */
@Injectable()
class Header implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context
      .switchToHttp()
      .getRequest<{ headers: Record<string, string>; user?: object }>();
    const id = request.headers['x-user'];
    if (id !== undefined) request.user = { id };
    // As Passport has it, where a guard lets everybody in.
    else if ('x-tried' in request.headers) Object.assign(request, NOBODY);
    return true;
  }
}

@Controller('tasks')
@UseGuards(Header)
class Tasks {
  @Get()
  @Subscribable(AllTasks)
  list(): unknown {
    return [{ id: 1 }];
  }

  @Get('shared')
  @Subscribable(AllTasks, null, { bearer: true })
  shared(): unknown {
    return [{ id: 1 }];
  }
}

/** Tells the user of both, by the method that both have. */
@SnorkyGateway('frontend')
@UseGuards(Header)
class ByUser implements IdentifiesClient {
  identify({ user }: UpgradeRequest): Identification {
    return (user as { id?: string } | undefined)?.id;
  }
}

/** Connections have more than a route's guard finds out. */
@SnorkyGateway('frontend')
@UseGuards(Header)
class ByRequest implements IdentifiesClient {
  identify({ user }: UpgradeRequest): Identification {
    return { name: (user as { id?: string } | undefined)?.id ?? 'guest' };
  }

  identifyRequest({ headers }: RouteRequest): Identification {
    const name = headers['x-name'] ?? headers['x-user'];
    return name === undefined ? undefined : { name: String(name) };
  }
}

/** The same, written as a property, in a class of which each request has one. */
@Injectable({ scope: Scope.REQUEST })
@SnorkyGateway('frontend')
@UseGuards(Header)
class ByArrow implements IdentifiesClient {
  identify = ({ user }: UpgradeRequest): Identification =>
    (user as { id?: string } | undefined)?.id;
}

/** Lets whom it knows in, and tells nobody's identity. */
@SnorkyGateway('frontend')
@UseGuards(Header)
class GuardsOnly {}

function gatewayThat(
  identify: (request: { user?: { id: string } }) => unknown,
  identifyRequest?: (request: RouteRequest) => unknown,
): Type {
  @SnorkyGateway('frontend')
  class Gateway {
    identify(request: { user?: { id: string } }): unknown {
      return identify(request);
    }
  }
  if (identifyRequest !== undefined) {
    Object.assign(Gateway.prototype, { identifyRequest });
  }
  return Gateway;
}

function start(platform: Platform, gateway?: Type): Promise<RestApp> {
  const providers = gateway === undefined ? [] : [gateway];
  return RestApp.start(platform, [Tasks], { providers });
}

/** What somebody is answered who acquires a token. */
async function acquiredBy(
  app: RestApp,
  user: string | undefined,
  token: string | null,
): Promise<unknown> {
  const headers = user === undefined ? {} : { 'X-User': user };
  await using socket = await TestSocket.connect(
    `ws://127.0.0.1:${app.port}/ws`,
    { headers },
  );
  return await socket.call('datasync', 'acquireSubscription', { token });
}

async function tokenOf(
  app: RestApp,
  headers: Record<string, string>,
  path = '/tasks',
): Promise<string | null> {
  const response = await app.subscribe(path, headers);
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual([{ id: 1 }]);
  return response.headers.get('X-Subscription-Token');
}

describe.each(PLATFORMS)('The token of a route on %s', (platform) => {
  it.each([
    ['identify()', ByUser],
    ['identifyRequest()', ByRequest],
    ['identify as an arrow property, of a gateway for each request', ByArrow],
  ])('is for its user alone, by %s', async (_by, gateway) => {
    await using app = await start(platform, gateway);
    const token = await tokenOf(app, { 'X-User': 'ann' });
    expect(await acquiredBy(app, 'bob', token)).toEqual(UNKNOWN);
    expect(await acquiredBy(app, undefined, token)).toEqual(UNKNOWN);
    expect(await acquiredBy(app, 'ann', token)).toEqual(ACQUIRED);
  });

  it.each([
    ['identify()', ByUser],
    ['identifyRequest()', ByRequest],
    ['a gateway that tells nobody apart', GuardsOnly],
    ['no gateway', undefined],
  ])(
    'is for whoever has it, where nobody asked, by %s',
    async (_by, gateway) => {
      await using app = await start(platform, gateway);
      for (const headers of [{}, { 'X-Tried': 'yes' }]) {
        const token = await tokenOf(app, headers);
        expect(await acquiredBy(app, 'bob', token)).toEqual(ACQUIRED);
      }
    },
  );

  it.each([
    ['a gateway that tells nobody apart', GuardsOnly],
    ['no gateway', undefined],
  ])('is for whoever has it with %s', async (_with, gateway) => {
    await using app = await start(platform, gateway);
    const token = await tokenOf(app, { 'X-User': 'ann' });
    expect(await acquiredBy(app, 'bob', token)).toEqual(ACQUIRED);
  });

  it('is for whom identifyRequest() finds without a user', async () => {
    await using app = await start(platform, ByRequest);
    const token = await tokenOf(app, { 'X-Name': 'ann' });
    expect(await acquiredBy(app, 'bob', token)).toEqual(UNKNOWN);
    expect(await acquiredBy(app, 'ann', token)).toEqual(ACQUIRED);
  });

  it('is for whoever has it where the route says so', async () => {
    const fail = (): never => {
      throw new Error('Asked');
    };
    await using app = await start(
      platform,
      gatewayThat(() => null, fail),
    );
    const token = await tokenOf(app, { 'X-User': 'ann' }, '/tasks/shared');
    expect(await acquiredBy(app, 'bob', token)).toEqual(ACQUIRED);
  });

  it.each<[string, () => unknown]>([
    ['undefined', () => undefined],
    ['null', () => null],
    ['a promise of nothing', () => Promise.resolve()],
    ['nobody who expires', () => ({ identity: null, expiresAt: 1 })],
    ['nobody at all', () => ({ identity: undefined, expiresAt: new Date() })],
    ['what JSON cannot express', () => ({ id: 1n })],
    ['a time that is none', () => ({ identity: 1, expiresAt: 'soon' })],
    [
      'an error',
      () => {
        throw new Error('No database');
      },
    ],
    ['a rejection', () => Promise.reject(new Error('No database'))],
    [
      'an HttpException',
      () => {
        throw new HttpException('Teapot', 418);
      },
    ],
  ])(
    'is not given to a user for whom the gateway answers %s',
    async (_what, answer) => {
      const gateways = [gatewayThat(() => 'ann', answer), gatewayThat(answer)];
      for (const gateway of gateways) {
        await using app = await start(platform, gateway);
        for (const ask of ['Subscribe', 'Renew']) {
          const response = await app.subscribe('/tasks', {
            'X-User': 'ann',
            'X-Snorky': ask,
          });
          expect(response.status).toBe(500);
          expect(response.headers.has('X-Subscription-Token')).toBe(false);
        }
        expect(app.tokens).toEqual([]);
        expect(JSON.stringify(app.log.lines)).toMatch(
          /Gateway (failed to tell|does not tell) which identity/,
        );
      }
    },
  );

  it('is for whom the gateway answers, without a user too', async () => {
    const gateway = gatewayThat(
      () => null,
      () => {
        throw new HttpException('Teapot', 418);
      },
    );
    await using app = await start(platform, gateway);
    expect((await app.subscribe('/tasks')).status).toBe(418);
  });

  it('ends when the identity expires', async () => {
    const expiresAt = Date.now() + 60_000;
    const gateway = gatewayThat(() => ({ identity: 'ann', expiresAt }));
    await using app = await start(platform, gateway);
    const { headers } = await app.subscribe('/tasks', { 'X-User': 'ann' });
    const left = Number(headers.get('X-Subscription-Expires'));
    expect(left).toBeLessThanOrEqual(expiresAt - Date.now() + 60_000);
    expect(left).toBeGreaterThan(30_000);
  });

  it('is not given for an identity that has expired', async () => {
    const expiresAt = Date.now() - 1;
    const gateway = gatewayThat(() => ({ identity: 'ann', expiresAt }));
    await using app = await start(platform, gateway);
    const { status } = await app.subscribe('/tasks', { 'X-User': 'ann' });
    expect(status).toBe(401);
    expect(app.tokens).toEqual([]);
  });

  it('does not make a request without X-Snorky ask for anybody', async () => {
    const gateway = gatewayThat(() => undefined);
    await using app = await start(platform, gateway);
    expect((await app.get('/tasks', { 'X-User': 'ann' })).status).toBe(200);
  });
});
