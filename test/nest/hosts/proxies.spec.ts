import { describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Req,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
  type ModuleMetadata,
} from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { HttpAdapterHost } from '@nestjs/core';
import { get, IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import {
  ConnectedClient,
  RpcCommand,
  SnorkyGateway,
  SnorkyModule,
  SnorkyService,
  type Client,
  type JsonValue,
  type UpgradeRequest,
  type WebSocketEndpointOptions,
} from 'snorky';
import { connectClient } from 'snorky/testing';
import {
  hidesVisitor,
  platformVisitor,
} from '../../../src/nest/hosts/platform-visitor.js';
import {
  startApp,
  type Platform,
  type RunningApp,
} from '../../support/servers/app.js';
import { RecordedLog } from '../../support/servers/log.js';
import { RawWebSocket } from '../../support/sockets/raw-websocket.js';
import { refusal, TestSocket } from '../../support/sockets/socket.js';

/** What follows the setting of the platform, as one text. */
interface Seen {
  readonly ip?: string;
  readonly ips?: readonly string[];
  readonly protocol?: string;
  readonly host?: string | undefined;
  readonly hostname?: string | undefined;
  readonly secure?: boolean;
}

function show({ ip, ips, protocol, host, hostname, secure }: Seen): string {
  return JSON.stringify({
    ip,
    // Fastify's requests have neither these nor `secure` of their own.
    ips: ips ?? [],
    protocol,
    host,
    hostname,
    secure: secure ?? protocol === 'https',
  });
}

@Controller()
class Pages {
  @Get('seen')
  seen(@Req() request: Seen): string {
    return show(request);
  }
}

/** What the guard of a connection saw last. */
let seen = '';

class Look implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    seen = show(context.switchToHttp().getRequest<UpgradeRequest>());
    return true;
  }
}

@SnorkyGateway()
@UseGuards(Look)
class Gateway {}

@SnorkyService('who')
class Who {
  @RpcCommand()
  addresses(@ConnectedClient() { handshake }: Client): JsonValue {
    const { ip = null, remoteAddress = null } = handshake;
    return { ip, remoteAddress };
  }

  @RpcCommand()
  @UseGuards(Look)
  guarded(): null {
    return null;
  }
}

@SnorkyService('who', { registry: 'backend' })
class BackendWho extends Who {}

function metadata(
  options: Omit<WebSocketEndpointOptions, 'path'> = {},
): ModuleMetadata {
  return {
    imports: [
      SnorkyModule.forRoot({
        registries: {
          frontend: { websocket: { path: '/ws', ...options } },
          backend: { http: { path: '/backend', key: 'k' } },
        },
      }),
    ],
    providers: [Gateway, Who, BackendWho],
    controllers: [Pages],
  };
}

function start(
  platform: Platform,
  trust: unknown,
  options: Omit<WebSocketEndpointOptions, 'path'> = { origins: '*' },
  prepare: (app: INestApplication) => void = () => {},
): Promise<RunningApp> {
  return platform === 'fastify'
    ? startApp(
        metadata(options),
        prepare,
        new FastifyAdapter({ trustProxy: trust } as object),
      )
    : startApp(metadata(options), (app) => {
        (app as NestExpressApplication).set('trust proxy', trust);
        prepare(app);
      });
}

type Headers = Record<string, string>;

/** What the same request is answered by a route: Host is any, as for curl. */
function routeSees(app: RunningApp, headers: Headers): Promise<string> {
  return new Promise((resolve, reject) => {
    get(`${app.http}/seen`, { headers }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += String(chunk)));
      response.on('end', () => resolve(text));
    }).on('error', reject);
  });
}

async function guardSees(app: RunningApp, headers: Headers): Promise<string> {
  seen = 'nothing';
  await using _ = await TestSocket.connect(`${app.ws}/ws`, { headers });
  return seen;
}

const SETTINGS: readonly (readonly [string, unknown])[] = [
  ['false', false],
  ['true', true],
  ['one hop', 1],
  ['two hops', 2],
  ['a name', 'loopback'],
  ['an address that is not the proxy', '192.0.2.77'],
  ['subnets as text', 'loopback, 10.0.0.0/8'],
  ['a list of subnets', ['127.0.0.0/8', '2001:db8::/32', '10.1.2.3']],
  [
    'a function',
    (address: string, hop: number) => hop === 0 || address === '10.1.2.3',
  ],
];

const REQUESTS: readonly Headers[] = [
  {},
  { Host: 'chat.example' },
  { Host: 'chat.example:8443' },
  { Host: '[2001:db8::1]:8080' },
  { 'X-Forwarded-For': '203.0.113.9' },
  { 'X-Forwarded-For': '198.51.100.1, 203.0.113.9,10.1.2.3' },
  { 'X-Forwarded-For': '2001:db8::7, 2001:db8::8' },
  { 'X-Forwarded-For': 'no address, "; drop' },
  { 'X-Forwarded-For': ' , ,' },
  { 'X-Forwarded-Proto': 'https' },
  { 'X-Forwarded-Proto': 'https, http' },
  { 'X-Forwarded-Proto': 'wss' },
  { 'X-Forwarded-Host': 'chat.example' },
  { 'X-Forwarded-Host': 'chat.example:444, inner.example' },
  { Host: 'a.example', 'X-Forwarded-Host': '[2001:db8::1]:8080' },
  {
    Host: 'inner:3000',
    'X-Forwarded-For': '203.0.113.9, 10.1.2.3',
    'X-Forwarded-Host': 'chat.example',
    'X-Forwarded-Proto': 'https',
    'X-Forwarded-Port': '443',
    Forwarded: 'for=198.51.100.7;host=other.example;proto=https',
  },
];

describe.each<Platform>(['express', 'fastify'])(
  'Behind a proxy, on %s',
  (platform) => {
    it.each(SETTINGS)(
      'guards on connections see what routes see when the proxy is trusted by %s',
      async (_what, trust) => {
        await using app = await start(platform, trust);
        for (const headers of REQUESTS) {
          const route = await routeSees(app, headers);
          expect([headers, await guardSees(app, headers)]).toEqual([
            headers,
            route,
          ]);
        }
      },
    );

    it('a forged address does not matter without trust, and does with it', async () => {
      const forged = { 'X-Forwarded-For': '203.0.113.9' };
      await using closed = await start(platform, false);
      expect(await guardSees(closed, forged)).toContain('"ip":"127.0.0.1"');
      await using trusting = await start(platform, true);
      expect(await guardSees(trusting, forged)).toContain('"ip":"203.0.113.9"');
    });

    it('a client has the address of the visitor, and that of the peer', async () => {
      await using app = await start(platform, 'loopback');
      const headers = { 'X-Forwarded-For': '198.51.100.1, 203.0.113.9' };
      const addresses = { ip: '203.0.113.9', remoteAddress: '127.0.0.1' };
      await using socket = await TestSocket.connect(`${app.ws}/ws`, {
        headers,
      });
      expect(await socket.call('who', 'addresses')).toMatchObject({
        data: addresses,
      });
      const answer = await fetch(`${app.http}/backend`, {
        method: 'POST',
        headers: { ...headers, 'X-Backend-Key': 'k' },
        body: JSON.stringify({
          service: 'who',
          message: { command: 'addresses', params: {}, callId: 1 },
        }),
      });
      expect(await answer.json()).toMatchObject({
        message: { data: addresses },
      });
      await using inMemory = await connectClient(app.app, {
        headers: { 'x-forwarded-for': headers['X-Forwarded-For'] },
      });
      expect(await inMemory.call('who', 'addresses')).toEqual(addresses);
    });

    it('guards on commands, as throttlers, see the address of the visitor', async () => {
      await using app = await start(platform, true);
      await using socket = await TestSocket.connect(`${app.ws}/ws`, {
        headers: { 'X-Forwarded-For': '203.0.113.9' },
      });
      seen = '';
      await socket.call('who', 'guarded');
      expect(seen).toContain('"ip":"203.0.113.9"');
    });

    describe('a page is of the same origin', () => {
      const PAGE = 'https://chat.example';

      async function statusFor(
        app: RunningApp,
        Origin: string,
        headers: Headers,
      ): Promise<number> {
        const { raw, answer } = await RawWebSocket.handshake(`${app.ws}/ws`, {
          headers: { Origin, ...headers },
        });
        await using _ = raw;
        return answer.status;
      }

      it('by what a trusted proxy says of the host', async () => {
        await using app = await start(platform, 'loopback', {});
        const proxied = {
          Host: 'inner:3000',
          'X-Forwarded-Host': 'chat.example',
          'X-Forwarded-Proto': 'https',
        };
        expect(await statusFor(app, PAGE, proxied)).toBe(101);
        expect(await statusFor(app, 'https://evil.example', proxied)).toBe(403);
        expect(await statusFor(app, 'http://inner:3000', proxied)).toBe(403);
        // A proxy that passes Host on, and ends TLS.
        expect(await statusFor(app, PAGE, { Host: 'chat.example' })).toBe(101);
        expect(await statusFor(app, PAGE, { Host: 'chat.example:443' })).toBe(
          101,
        );
        expect(await statusFor(app, PAGE, { Host: 'chat.example:80' })).toBe(
          403,
        );
      });

      it.each([false, '192.0.2.77'])(
        'never by a forged header (trust: %s)',
        async (trust) => {
          await using app = await start(platform, trust, {});
          const forged = {
            Host: 'chat.example',
            'X-Forwarded-Host': 'evil.example',
          };
          const evil = 'https://evil.example';
          expect(await statusFor(app, evil, forged)).toBe(403);
          expect(await statusFor(app, PAGE, forged)).toBe(101);
        },
      );
    });

    it('a trust function that throws refuses, and ends nothing', async () => {
      const log = new RecordedLog();
      let broken = false;
      const trust = (): boolean => {
        if (broken) throw new Error('No such list');
        return false;
      };
      await using app = await start(platform, trust, {}, (made) =>
        made.useLogger(log),
      );
      broken = true;
      const headers = { 'X-Forwarded-For': '203.0.113.9' };
      expect((await refusal(`${app.ws}/ws`, { headers })).status).toBe(500);
      expect(log.with('error', 'An upgrade request failed')).toHaveLength(1);
      broken = false;
      await using _ = await TestSocket.connect(`${app.ws}/ws`);
    });
  },
);

it('A Fastify that hides its setting leaves the peer, and is noticed', () => {
  const host = {
    httpAdapter: { getType: () => 'fastify', getInstance: () => ({}) },
  } as unknown as HttpAdapterHost;
  const request = new IncomingMessage(new Socket());
  request.headers['x-forwarded-host'] = 'evil.example';
  request.headers.host = '[2001:db8::1]:80';
  expect(hidesVisitor(host)).toBe(true);
  expect(platformVisitor(host)(request)).toEqual({
    ip: '',
    ips: [],
    protocol: 'http',
    host: '[2001:db8::1]:80',
    hostname: '[2001:db8::1]',
    secure: false,
  });
});

it('Fastify still shows its setting, so that there is no warning', async () => {
  const log = new RecordedLog();
  await using _ = await start('fastify', true, {}, (app) => app.useLogger(log));
  expect(log.with('warn', 'behind a proxy')).toEqual([]);
});
