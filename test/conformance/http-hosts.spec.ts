import { describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Module,
  Post,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
  type NestInterceptor,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { map, type Observable } from 'rxjs';
import { SnorkyWsAdapter } from 'snorky';
import { casesOf } from './case-files.js';
import { fixtureModule } from './fixture/fixture.module.js';
import { FixturePool } from './fixture-pool.js';
import { expectCase } from './runner/expect-case.js';
import { KEY, targetOf, type RunningFixture } from './start-fixture.js';
import { testCases } from './test-cases.js';

class RefuseRequests implements CanActivate {
  async canActivate(context: ExecutionContext): Promise<boolean> {
    return Promise.resolve(context.getType() !== 'http');
  }
}

class WrapResponses implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return context.getType() === 'http'
      ? next.handle().pipe(map((value: unknown) => ({ wrapped: value })))
      : next.handle();
  }
}

@Controller('hello')
class Hello {
  @Get()
  hello(): string {
    return 'hello';
  }

  @Post()
  post(): string {
    return 'posted';
  }
}

/**
 * A host whose globals would break the backend if they reached it. They do
 * reach the commands, as those of type 'ws', and let them pass.
 */
async function startHost(
  adapter: ExpressAdapter | FastifyAdapter,
  backendPort: { readonly backendPort?: number },
): Promise<RunningFixture> {
  @Module({
    imports: [fixtureModule({ key: KEY, ...backendPort })],
    controllers: [Hello],
  })
  class Host {}

  const app: INestApplication = await NestFactory.create(
    Host,
    adapter as ExpressAdapter,
    { logger: false, abortOnError: false, bodyParser: true },
  );
  app.useWebSocketAdapter(new SnorkyWsAdapter(app));
  app.setGlobalPrefix('/api');
  app.useGlobalGuards(new RefuseRequests());
  app.useGlobalInterceptors(new WrapResponses());
  await app.listen(0, '127.0.0.1');
  return { target: targetOf(app), stop: () => app.close() };
}

describe.each([
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
])('the backend of a host on %s', (_platform, adapter) => {
  describe.each([
    ['on its own port', { backendPort: 0 }, casesOf('http', 'transport')],
    ["on the host's server", {}, casesOf('http')],
  ])('%s', (_where, backendPort, cases) => {
    const hosts = new FixturePool(() => startHost(adapter(), backendPort));

    testCases(
      (name) => `passes the case ${name}`,
      cases,
      hosts,
      (wireCase, { target }) => expectCase(wireCase, target),
    );

    it("leaves the host's routes to the host", () =>
      hosts.use(async ({ target }) => {
        const url = target.websocket.replace('ws:', 'http:');
        const refused = await fetch(`${url}/api/hello`);
        const missing = await fetch(`${url}/api/backend`, { method: 'POST' });

        expect([refused.status, missing.status]).toEqual([403, 404]);
      }));
  });
});
