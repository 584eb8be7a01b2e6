import { describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { SnorkyWsAdapter } from 'snorky';
import { selfSigned } from '../../support/servers/certificate.js';
import { TestSocket } from '../../support/sockets/socket.js';
import { frontend, Me } from '../gateway/me.service.js';

@Controller()
class Pages {
  @Get('neighbour')
  neighbour(): string {
    return 'neighbour';
  }
}

interface SecureApp extends AsyncDisposable {
  readonly port: number;
}

async function startSecure(
  platform: 'express' | 'fastify',
): Promise<SecureApp> {
  const testing = await Test.createTestingModule({
    imports: [frontend()],
    providers: [Me],
    controllers: [Pages],
  }).compile();
  const httpsOptions = selfSigned();
  const app: INestApplication =
    platform === 'fastify'
      ? testing.createNestApplication(
          new FastifyAdapter({ https: httpsOptions } as object),
          { logger: false },
        )
      : testing.createNestApplication({ logger: false, httpsOptions });
  app.useWebSocketAdapter(new SnorkyWsAdapter(app));
  await app.listen(0, '127.0.0.1');
  const server = app.getHttpServer() as { address(): AddressInfo };
  return {
    port: server.address().port,
    [Symbol.asyncDispose]: () => app.close(),
  };
}

async function dial(port: number): Promise<TLSSocket> {
  const tls = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
  tls.on('error', () => {});
  await once(tls, 'secureConnect');
  return tls;
}

describe.each(['express', 'fastify'] as const)('Over TLS, %s', (platform) => {
  it('the endpoint takes clients', async () => {
    await using app = await startSecure(platform);
    await using socket = await TestSocket.connect(
      `wss://127.0.0.1:${app.port}/ws`,
      { rejectUnauthorized: false },
    );
    expect(await socket.call('me', 'identity')).toMatchObject({ data: null });
  });

  it('an offer of another upgrade is declined, not the request', async () => {
    await using app = await startSecure(platform);
    const tls = await dial(app.port);
    const closed = once(tls, 'close');
    let heard = '';
    tls.on('data', (chunk: Buffer) => (heard += String(chunk)));
    const offer =
      'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n';
    const get = (headers: string): string =>
      `GET /neighbour HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;
    tls.write(get(offer));
    await Promise.race([once(tls, 'data'), closed]);
    tls.write(get(offer) + get('Connection: close\r\n'));
    await closed;
    expect(heard.match(/HTTP\/1\.1 \d+/g)).toEqual([
      'HTTP/1.1 200',
      'HTTP/1.1 200',
      'HTTP/1.1 200',
    ]);
    expect(heard.match(/neighbour/g)).toHaveLength(3);
  });
});
