import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Module,
  Post,
  type CallHandler,
  type CanActivate,
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
import { runCase } from './runner/run-case.js';
import type { Target } from './runner/target.js';
import { freePort, KEY } from './start-fixture.js';

class RefuseAll implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

class Wrap implements NestInterceptor {
  intercept(_context: unknown, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((value: unknown) => ({ wrapped: value })));
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

/** A host whose globals would break the backend if they reached it. */
async function startHost(
  adapter: ExpressAdapter | FastifyAdapter,
  ownPort: boolean,
): Promise<{ app: INestApplication; target: Target }> {
  const backendPort = ownPort ? await freePort() : undefined;
  const fixture = fixtureModule({
    key: KEY,
    ...(backendPort === undefined ? {} : { backendPort }),
  });

  @Module({ imports: [fixture], controllers: [Hello] })
  class Host {}

  const app: INestApplication = await NestFactory.create(
    Host,
    adapter as ExpressAdapter,
    { logger: false, abortOnError: false, bodyParser: true },
  );
  app.useWebSocketAdapter(new SnorkyWsAdapter(app));
  app.setGlobalPrefix('/api');
  app.useGlobalGuards(new RefuseAll());
  app.useGlobalInterceptors(new Wrap());
  app.enableCors();
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  return {
    app,
    target: {
      websocket: `ws://127.0.0.1:${port}`,
      backend: `http://127.0.0.1:${backendPort ?? port}`,
      key: KEY,
    },
  };
}

const cases = casesOf('http').map(
  (wireCase) => [wireCase.name, wireCase] as const,
);

describe.each([
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
])('the backend of a host on %s', (_platform, adapter) => {
  describe.each([
    ['on its own port', true],
    ["on the host's server", false],
  ])('%s', (_where, ownPort) => {
    let app: INestApplication;
    let target: Target;

    beforeAll(async () => {
      ({ app, target } = await startHost(adapter(), ownPort));
    });

    afterAll(() => app.close());

    it.each(cases)('passes http/%s', async (_name, wireCase) => {
      await runCase(wireCase, target);
    });

    it("leaves the host's routes to the host", async () => {
      const url = target.websocket.replace('ws:', 'http:');
      const refused = await fetch(`${url}/api/hello`);
      const missing = await fetch(`${url}/api/backend`, { method: 'POST' });

      expect([refused.status, missing.status]).toEqual([403, 404]);
    });
  });
});
