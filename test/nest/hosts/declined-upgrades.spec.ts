import { describe, expect, it } from '@jest/globals';
import {
  Controller,
  Headers,
  Post,
  Req,
  type INestApplication,
} from '@nestjs/common';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { SnorkyModule } from 'snorky';
import { startApp, type RunningApp } from '../../support/servers/app.js';

const OFFER =
  'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n';

@Controller()
class Echo {
  @Post('echo')
  echo(
    @Req() request: { body: unknown },
    @Headers('x-name') name = '',
  ): string {
    return `${name} said ${JSON.stringify(request.body)}`;
  }
}

const start = (
  platform: 'express' | 'fastify',
  prepare: (app: INestApplication) => void = () => {},
): Promise<RunningApp> =>
  startApp(
    {
      imports: [
        SnorkyModule.forRoot({
          registries: {
            frontend: { websocket: { path: '/ws' } },
            backend: { http: { path: '/backend', key: 'k' } },
          },
        }),
      ],
      controllers: [Echo],
    },
    prepare,
    platform,
  );

/**
 * Asks with an offer; answers what comes back.
 *
 * @param first So much of the body comes with the head.
 */
async function ask(
  port: number,
  path: string,
  headers: string,
  body: string,
  until: string,
  first = 5,
): Promise<string> {
  const tcp = connect(port, '127.0.0.1');
  let heard = '';
  tcp.on('data', (chunk: Buffer) => (heard += String(chunk)));
  const ended = once(tcp, 'close');
  tcp.write(
    `POST ${path} HTTP/1.1\r\nHost: x\r\n${OFFER}${headers}` +
      `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n` +
      body.slice(0, first),
  );
  if (headers.includes('Expect')) await once(tcp, 'data');
  setImmediate(() => tcp.write(body.slice(first)));
  while (!heard.includes(until)) {
    await Promise.race([once(tcp, 'data'), ended]);
    if (tcp.destroyed) break;
  }
  tcp.destroy();
  return heard;
}

/** A second server that hands on its upgrades, as Fastify's does. */
async function secondOf(app: RunningApp): Promise<Server> {
  const main = app.app.getHttpServer() as Server;
  const second = createServer();
  second.on('upgrade', (...args: [IncomingMessage, ...unknown[]]) => {
    main.emit('upgrade', ...args);
  });
  second.listen(0, '127.0.0.1');
  await once(second, 'listening');
  return second;
}

describe.each(['express', 'fastify'] as const)(
  'A request with a body that offers an upgrade to h2c, %s',
  (platform) => {
    const body = JSON.stringify({ a: 'word' });

    it.each([5, 100])(
      'reaches its route (%i bytes at first)',
      async (first) => {
        await using app = await start(platform);
        const heard = await ask(
          app.port,
          '/echo',
          'X-Name: Ann\r\n',
          body,
          'said',
          first,
        );
        expect(heard).toContain('HTTP/1.1 201');
        expect(heard).toContain(`Ann said ${body}`);
      },
    );

    it('reaches the backend', async () => {
      await using app = await start(platform);
      const call = JSON.stringify({ service: 'nobody', message: 1 });
      const heard = await ask(
        app.port,
        '/backend',
        'X-Backend-Key: k\r\n',
        call,
        'There is no such service',
      );
      expect(heard).toContain('There is no such service');
    });

    it.each(['', 'Expect: 100-continue\r\n'])(
      'reaches its route by a server that nobody asked (%j)',
      async (expectation) => {
        await using app = await start(platform);
        const second = await secondOf(app);
        const { port } = second.address() as AddressInfo;
        const heard = await ask(
          port,
          '/echo',
          `X-Name: Bob\r\n${expectation}`,
          body,
          'said',
        );
        expect(heard).toContain(`Bob said ${body}`);
        second.closeAllConnections();
        second.close();
      },
    );

    it('leaves the server as it was, once the application has closed', async () => {
      const askedBy = (server: Server): unknown =>
        Reflect.get(server, 'shouldUpgradeCallback');
      let before: unknown;
      const app = await start(platform, (created) => {
        before = askedBy(created.getHttpServer() as Server);
      });
      const server = app.app.getHttpServer() as Server;
      await app[Symbol.asyncDispose]();
      expect(askedBy(server)).toBe(before);
    });
  },
);
