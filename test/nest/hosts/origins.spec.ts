import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UseGuards, type CanActivate, type Provider } from '@nestjs/common';
import {
  SnorkyGateway,
  SnorkyModule,
  type Origins,
  type WebSocketEndpointOptions,
} from 'snorky';
import { startApp, type RunningApp } from '../../support/servers/app.js';
import { RawWebSocket } from '../../support/sockets/raw-websocket.js';
import { frontend, Me } from '../gateway/me.service.js';

class Always implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

@SnorkyGateway()
@UseGuards(Always)
class Guarded {}

function start(
  options: Omit<WebSocketEndpointOptions, 'path'>,
  providers: Provider[] = [],
): Promise<RunningApp> {
  return startApp({
    // The gateway of this file guards some of these applications only.
    imports: [frontend({ open: providers.length === 0, ...options })],
    providers: [Me, ...providers],
  });
}

/** The status with which a page of that origin, or none, is answered. */
async function statusFor(
  app: RunningApp,
  origin: string | undefined,
  headers: Record<string, string> = {},
  path = '/ws',
): Promise<number> {
  const { raw, answer } = await RawWebSocket.handshake(app.ws + path, {
    headers: {
      ...(origin === undefined ? {} : { Origin: origin }),
      ...headers,
    },
  });
  await using _ = raw;
  return answer.status;
}

const ELSEWHERE = 'https://evil.example';

const hosts = ['Chat.example', 'localhost:3000', 'b.example:443'];

/** One application with a path for each policy. */
const PATHS: Readonly<Record<string, Omit<WebSocketEndpointOptions, 'path'>>> =
  {
    '/same': { origins: 'same' },
    '/host': { hosts },
    '/host-same': { origins: 'same', hosts },
    '/host-list': { origins: ['https://page.example'], hosts },
    '/host-function': { origins: () => true, hosts },
    '/host-all': { origins: '*', hosts },
  };
let app: RunningApp;

beforeAll(async () => {
  const websocket = Object.entries(PATHS).map(([path, options]) => ({
    path,
    open: true,
    ...options,
  }));
  app = await startApp({
    imports: [
      SnorkyModule.forRoot({ registries: { frontend: { websocket } } }),
    ],
    providers: [Me],
  });
});

afterAll(async () => {
  await app[Symbol.asyncDispose]();
});

describe('The origin of a page', () => {
  it('does not matter to a registry without a policy', async () => {
    await using app = await start({});
    expect(await statusFor(app, ELSEWHERE)).toBe(101);
    expect(await statusFor(app, 'null')).toBe(101);
    expect(await statusFor(app, undefined)).toBe(101);
  });

  it.each<[string, Omit<WebSocketEndpointOptions, 'path'>, Provider[]]>([
    ['a gateway', {}, [Guarded]],
    ['middleware', { middleware: [(_q, _s, next) => next()] }, []],
    ['global guards', { globalGuards: true }, []],
  ])(
    "must be the server's own as soon as there is %s",
    async (_what, options, providers) => {
      await using app = await start(options, providers);
      expect(await statusFor(app, `http://127.0.0.1:${app.port}`)).toBe(101);
      expect(await statusFor(app, undefined)).toBe(101);
      expect(await statusFor(app, ELSEWHERE)).toBe(403);
      expect(await statusFor(app, 'null')).toBe(403);
      expect(await statusFor(app, `http://127.0.0.1:${app.port + 1}`)).toBe(
        403,
      );
    },
  );

  it('is refused before any guard runs', async () => {
    let asked = 0;
    class Counts implements CanActivate {
      canActivate(): boolean {
        return ++asked > 0;
      }
    }
    @SnorkyGateway()
    @UseGuards(Counts)
    class Gateway {}

    await using app = await start({}, [Gateway]);
    expect(await statusFor(app, ELSEWHERE)).toBe(403);
    expect(asked).toBe(0);
    expect(await statusFor(app, undefined)).toBe(101);
    expect(asked).toBe(1);
  });

  it('is compared with the host that the browser was given', async () => {
    const from = (origin: string, Host: string) =>
      statusFor(app, origin, { Host }, '/same');
    expect(await from('https://chat.example', 'chat.example')).toBe(101);
    expect(await from('https://chat.example', 'Chat.Example')).toBe(101);
    expect(await from('https://chat.example:8443', 'chat.example:8443')).toBe(
      101,
    );
    expect(await from('https://chat.example', 'chat.example:8443')).toBe(403);
  });

  it.each([
    ['https://chat.example', 'chat.example:443', 101],
    ['http://chat.example', 'chat.example:80', 101],
    ['https://chat.example', 'CHAT.example:443', 101],
    ['http://chat.example', 'chat.example:443', 403],
    ['https://chat.example', 'chat.example:80', 403],
    ['https://chat.example:80', 'chat.example', 403],
    ['https://chat.example:80', 'chat.example:80', 101],
    ['https://chat.example', 'chat.example:4430', 403],
    ['https://chat.example', 'chat.example.', 403],
    ['https://chat.example.', 'chat.example.', 101],
    ['http://[::1]:3000', '[::1]:3000', 101],
    ['http://[::1]', '[::1]:80', 101],
    ['http://[::1]:3000', '[::1]:3001', 403],
    ['http://[::1]', '::1', 403],
    ['http://127.0.0.1', '[::ffff:127.0.0.1]', 403],
    ['http://0x7f.1', '127.0.0.1', 403],
    ['https://xn--mnchen-3ya.example', 'xn--mnchen-3ya.example', 101],
    ['https://munchen.example', 'xn--mnchen-3ya.example', 403],
    ['https://xn--mnchen-3ya.example', 'munchen.example', 403],
    ['chrome-extension://chat.example', 'chat.example', 403],
    ['ws://chat.example', 'chat.example', 403],
    ['https://chat.example', 'chat.example@evil.example', 403],
    ['https://chat.example@evil.example', 'chat.example@evil.example', 403],
    ['https://evil.example', 'chat.example, evil.example', 403],
    ['null', 'null', 403],
  ])('%s on a connection to %s gets %d', async (origin, Host, status) => {
    const got = await statusFor(app, origin, { Host }, '/same');
    // Node itself refuses some of these hosts.
    expect(status === 403 ? [400, 403] : [status]).toContain(got);
  });

  describe('on an endpoint that says by which hosts pages connect', () => {
    it.each([
      ['/host-same', 'https://chat.example', 'chat.example', 101],
      ['/host-same', 'https://chat.example', 'chat.example:443', 101],
      ['/host-same', 'http://localhost:3000', 'localhost:3000', 101],
      ['/host-same', 'https://b.example', 'b.example', 101],
      // A name of a stranger that leads here.
      ['/host-same', 'http://evil.example', 'evil.example', 403],
      ['/host-same', 'http://localhost:3001', 'localhost:3001', 403],
      ['/host-same', 'http://localhost', 'localhost', 403],
      ['/host-same', 'https://b.example', 'chat.example', 403],
      ['/host-same', 'https://chat.example.', 'chat.example.', 403],
      ['/host-same', 'https://x.chat.example', 'x.chat.example', 403],
      ['/host', 'http://evil.example', 'evil.example', 403],
      ['/host', 'http://evil.example', 'chat.example', 101],
      ['/host-list', 'https://page.example', 'evil.example', 403],
      ['/host-list', 'https://page.example', 'chat.example', 101],
      ['/host-list', 'https://chat.example', 'chat.example', 403],
      ['/host-function', 'https://page.example', 'evil.example', 403],
      ['/host-function', 'https://page.example', 'chat.example', 101],
      ['/host-all', 'http://evil.example', 'evil.example', 403],
      ['/host-all', 'http://evil.example', 'chat.example', 101],
    ])(
      '%s: %s on a connection to %s gets %d',
      async (path, origin, Host, status) => {
        expect(await statusFor(app, origin, { Host }, path)).toBe(status);
        // No page, so that nobody can have been led here.
        expect(await statusFor(app, undefined, { Host }, path)).toBe(101);
      },
    );
  });

  it('is where version 8 of the protocol puts it', async () => {
    const headers = {
      'Sec-WebSocket-Version': '8',
      'Sec-WebSocket-Origin': ELSEWHERE,
    };
    expect(await statusFor(app, undefined, headers, '/same')).toBe(403);
  });

  it.each<[string, Origins, Provider[], [string, number][]]>([
    ['*', '*', [Guarded], [[ELSEWHERE, 101]]],
    [
      'a list',
      ['https://a.example', 'https://b.example:444'],
      [],
      [
        ['https://a.example', 101],
        ['https://b.example:444', 101],
        ['https://b.example', 403],
        ['http://a.example', 403],
        ['https://a.example.evil.example', 403],
        ['https://evil.a.example', 403],
        ['https://a.example:444', 403],
        ['https://a.exampl', 403],
        ['ttps://a.example', 403],
        ['https://a.example/', 403],
        ['HTTPS://A.example', 101],
        ['https://a.example.', 403],
        ['https://evila.example', 403],
        ['https://a.example@evil.example', 403],
        ['null', 403],
        ['', 403],
      ],
    ],
    [
      'a list with more than websites',
      ['null', 'capacitor://localhost', 'file://', 'http://[::1]:3000'],
      [],
      [
        ['null', 101],
        ['capacitor://localhost', 101],
        ['file://', 101],
        ['http://[::1]:3000', 101],
        ['ionic://localhost', 403],
        ['http://localhost', 403],
        ['http://[::1]', 403],
      ],
    ],
    ['an empty list', [], [], [[ELSEWHERE, 403]]],
    [
      'a function',
      (origin, request) => origin.endsWith('.example') && request.url === '/ws',
      [],
      [
        [ELSEWHERE, 101],
        ['https://evil.test', 403],
      ],
    ],
    [
      'a function that answers something other than true',
      (() => 1) as unknown as Origins,
      [],
      [[ELSEWHERE, 403]],
    ],
  ])(
    'is judged by origins given as %s',
    async (_what, origins, providers, expected) => {
      await using app = await start({ origins }, providers);
      for (const [origin, status] of expected) {
        expect([origin, await statusFor(app, origin)]).toEqual([
          origin,
          status,
        ]);
      }
      expect(await statusFor(app, undefined)).toBe(101);
    },
  );

  it('is in the log, for whoever wonders why a page stays away', async () => {
    const lines: string[] = [];
    await using app = await startApp(
      { imports: [frontend({ origins: 'same' })], providers: [Me] },
      (made) =>
        made.useLogger({
          log: () => {},
          warn: () => {},
          error: () => {},
          debug: (line: unknown) => lines.push(String(line)),
        }),
    );
    await statusFor(app, ELSEWHERE);
    expect(lines.filter((line) => line.includes('Refused'))).toEqual([
      expect.stringMatching(
        /^Refused an upgrade of "?\/ws"? \("?https:\/\/evil\.example"?\): 403 /,
      ),
    ]);
  });
});
