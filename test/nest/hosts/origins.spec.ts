import { describe, expect, it } from '@jest/globals';
import { UseGuards, type CanActivate, type Provider } from '@nestjs/common';
import {
  SnorkyGateway,
  type Origins,
  type WebSocketEndpointOptions,
} from 'snorky';
import { startApp, type RunningApp } from '../../support/app.js';
import { RawWebSocket } from '../../support/raw-websocket.js';
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
): Promise<number> {
  const { raw, answer } = await RawWebSocket.handshake(`${app.ws}/ws`, {
    headers: {
      ...(origin === undefined ? {} : { Origin: origin }),
      ...headers,
    },
  });
  await using _ = raw;
  return answer.status;
}

const ELSEWHERE = 'https://evil.example';

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
    await using app = await start({ origins: 'same' });
    const from = (origin: string, Host: string) =>
      statusFor(app, origin, { Host });
    expect(await from('https://chat.example', 'chat.example')).toBe(101);
    expect(await from('https://chat.example', 'Chat.Example')).toBe(101);
    expect(await from('https://chat.example:8443', 'chat.example:8443')).toBe(
      101,
    );
    expect(await from('https://chat.example', 'chat.example:8443')).toBe(403);
  });

  it.each([
    'https://chat.example.evil.example',
    'https://evilchat.example',
    'https://evil.chat.example',
    'https://hat.example',
    'https://chat.exampl',
    'https://chat.example.',
    'https://chat-example',
    'https://chat.example:8443',
    'https://chat.example@evil.example',
    'https://evil.example/chat.example',
    'https://evil.example#chat.example',
    'chat.example',
    'https://',
    '',
  ])(
    'is refused where it looks like that host and is not it: %p',
    async (origin) => {
      await using app = await start({ origins: 'same' });
      expect(await statusFor(app, origin, { Host: 'chat.example' })).toBe(403);
    },
  );

  it('is where version 8 of the protocol puts it', async () => {
    await using app = await start({ origins: 'same' });
    const headers = {
      'Sec-WebSocket-Version': '8',
      'Sec-WebSocket-Origin': ELSEWHERE,
    };
    expect(await statusFor(app, undefined, headers)).toBe(403);
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
        ['null', 403],
        ['', 403],
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
