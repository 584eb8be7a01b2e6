import { describe, expect, it } from '@jest/globals';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import {
  ConnectedClient,
  RpcCommand,
  SnorkyService,
  type Client,
  type JsonValue,
  type WebSocketOptions,
} from 'snorky';
import { startApp, type RunningApp } from '../../support/servers/app.js';
import { RecordedLog } from '../../support/servers/log.js';
import { RawWebSocket } from '../../support/sockets/raw-websocket.js';
import { frontend } from '../../nest/gateway/me.service.js';
import { selectSubprotocol } from '../../../src/transports/websocket/subprotocols.js';
import { webSocketSettings } from '../../../src/transports/websocket/websocket-options.js';

type Select = NonNullable<WebSocketOptions['subprotocol']>;

@SnorkyService('selected')
class Selected {
  @RpcCommand()
  name(@ConnectedClient() { handshake }: Client): JsonValue {
    return handshake.subprotocol ?? null;
  }
}

class DebugLog extends RecordedLog {
  readonly debugged: string[] = [];

  debug(text: unknown): void {
    this.debugged.push(String(text));
  }
}

async function start(
  subprotocol: unknown,
  log = new DebugLog(),
): Promise<RunningApp> {
  const options =
    subprotocol === undefined ? {} : { subprotocol: subprotocol as Select };
  return startApp(
    { imports: [frontend(options)], providers: [Selected] },
    (app) => app.useLogger(log),
  );
}

/** The answer to an offer: its status, and what it selects. */
async function answerTo(
  app: RunningApp,
  offer: string | undefined,
): Promise<{ status: number; selected: string | undefined; name: JsonValue }> {
  const { raw, answer } = await RawWebSocket.handshake(
    `${app.ws}/ws?ticket=swordfish`,
    {
      headers: offer === undefined ? {} : { 'Sec-WebSocket-Protocol': offer },
    },
  );
  await using _ = raw;
  const { status, headers } = answer;
  let name: JsonValue = null;
  if (status === 101) {
    raw.sendMessage('selected', { command: 'name', params: {}, callId: 1 });
    ({ data: name } = (await raw.message()) as { data: JsonValue });
  }
  return { status, selected: headers['sec-websocket-protocol'], name };
}

const none = { status: 101, selected: undefined, name: null };
const failed = { status: 500, selected: undefined, name: null };

describe('The subprotocol of a connection', () => {
  it('is none by default, whatever is offered, with a line at debug that says so', async () => {
    const log = new DebugLog();
    await using app = await start(undefined, log);
    expect(await answerTo(app, 'snorky, bearer.hunter2')).toEqual(none);
    const lines = log.debugged.filter((line) => line.includes('subprotocol'));
    expect(lines).toEqual([
      expect.stringMatching(/^Selected none of 2 subprotocols .* on \/ws\./),
    ]);
    // Tokens come that way, and by the query.
    expect(log.debugged.join()).not.toMatch(/hunter2|swordfish/);
    log.debugged.length = 0;
    expect(await answerTo(app, undefined)).toEqual(none);
    expect(log.debugged).toEqual([]);
  });

  it('is the one that the endpoint selects, and the client has it', async () => {
    const asked: [readonly string[], string | undefined][] = [];
    await using app = await start(
      (offered: readonly string[], request: IncomingMessage) => {
        asked.push([offered, request.url]);
        return offered.find((name) => name === 'snorky');
      },
    );
    expect(await answerTo(app, 'bearer.hunter2,  snorky')).toEqual({
      status: 101,
      selected: 'snorky',
      name: 'snorky',
    });
    expect(asked).toEqual([
      [['bearer.hunter2', 'snorky'], '/ws?ticket=swordfish'],
    ]);
    expect(await answerTo(app, 'graphql-ws')).toEqual(none);
  });

  it('is not asked about where nothing is offered, or nothing valid', async () => {
    let asked = 0;
    await using app = await start(() => void asked++);
    expect(await answerTo(app, undefined)).toEqual(none);
    for (const offer of ['', 'a,', ', a', 'a b', 'a, a', 'a="b"', 'a\u00e9']) {
      expect([offer, (await answerTo(app, offer)).status]).toEqual([
        offer,
        400,
      ]);
    }
    expect(asked).toBe(0);
  });

  it('is not asked about before the connection is admitted', async () => {
    let asked = 0;
    await using app = await startApp({
      imports: [
        frontend({
          middleware: [
            ({ headers }, _response, next) =>
              headers['x-in'] === undefined
                ? next(new Error('Not you'))
                : next(),
          ],
          subprotocol: () => {
            asked++;
            return 'snorky';
          },
        }),
      ],
    });
    for (const [headers, status, times] of [
      [{}, 500, 0],
      [{ 'X-In': 'yes' }, 101, 1],
    ] as const) {
      const { raw, answer } = await RawWebSocket.handshake(`${app.ws}/ws`, {
        headers: { 'Sec-WebSocket-Protocol': 'snorky', ...headers },
      });
      await using _ = raw;
      expect([answer.status, asked]).toEqual([status, times]);
    }
  });

  it.each([undefined, null, false])(
    'is none where the endpoint answers %s',
    async (answer) => {
      await using app = await start(() => answer);
      expect(await answerTo(app, 'snorky')).toEqual(none);
    },
  );

  it.each<[string, () => unknown, string]>([
    ['what was not offered', () => 'other', 'one of the subprotocols'],
    ['more than a name', () => 'snorky\r\nSet-Cookie: a=b', 'one of the'],
    ['an empty text', () => '', 'one of the subprotocols'],
    ['a number', () => 7, 'one of the subprotocols'],
    ['the offer', () => ['snorky'], 'one of the subprotocols'],
    ['a promise', () => Promise.resolve('snorky'), 'by a promise'],
    ['a failing promise', () => Promise.reject(new Error('x')), 'by a promise'],
    [
      'something that only looks like a promise',
      () => ({
        then() {
          throw new Error('x');
        },
      }),
      'by a promise',
    ],
    [
      'an object that throws when it is looked at',
      () => ({
        get then(): never {
          throw new Error('Do not look');
        },
      }),
      'Do not look',
    ],
    [
      'an error',
      () => {
        throw new Error('No such table');
      },
      'No such table',
    ],
    [
      'a thrown null',
      () => {
        // oxlint-disable-next-line typescript/only-throw-error -- it is the case
        throw null;
      },
      'An upgrade request failed',
    ],
  ])(
    'fails as a refusal with a line, where the endpoint answers %s',
    async (_what, select, line) => {
      const log = new DebugLog();
      let broken = true;
      await using app = await start(() => (broken ? select() : 'snorky'), log);
      expect(await answerTo(app, 'snorky')).toEqual(failed);
      const [told, ...others] = log.lines.filter(
        ({ level }) => level === 'error',
      );
      expect(`${told?.text}\n${told?.stack}`).toContain(line);
      expect(others).toEqual([]);
      broken = false;
      expect((await answerTo(app, 'snorky')).selected).toBe('snorky');
    },
  );

  it('leaves no rejection to nobody, which would end the process', async () => {
    let reject: (error: Error) => void = () => {};
    const promise = new Promise<string>((_done, fail) => (reject = fail));
    const heard: unknown[] = [];
    // Every listener to the promise is counted here.
    void Object.assign(promise, {
      then: (done: () => void, failed: () => void) => {
        heard.push(failed);
        return Promise.prototype.then.call(promise, done, failed);
      },
    });
    const answer = (): string => promise as unknown as string;
    const request = new IncomingMessage(new Socket());
    expect(() => selectSubprotocol(answer, ['snorky'], request)).toThrow(
      /by a promise/,
    );
    expect(heard).toEqual([expect.any(Function)]);
    reject(new Error('On purpose'));
    await new Promise(setImmediate);
  });

  it('cannot be an option that is no function', () => {
    expect(() =>
      webSocketSettings({ subprotocol: 'snorky' as unknown as Select }),
    ).toThrow(/"subprotocol" must be a function/);
  });
});
