import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  compileFile,
  compileProgram,
  ROOT,
} from '../support/programs/compile.js';
import { HOSTILE_VALUES, NEVER } from '../support/hostile/values.js';
import { TestSocket } from '../support/sockets/socket.js';

const PROGRAM = 'test/values/hostile-values.program.ts';
const FOLDER = join(ROOT, '.build', `hostile-values-${process.pid}`);
const NAMES = Object.keys(HOSTILE_VALUES);

interface Answer {
  readonly callId?: unknown;
}

describe.each(['quiet-log', 'failing-log'])('A process with a %s', (log) => {
  let child: ChildProcess;
  let url: string;
  let ended: string | undefined;

  beforeAll(async () => {
    const program = await compileProgram(PROGRAM, FOLDER);
    const values = 'test/support/hostile/values.ts';
    await compileFile(values, join(FOLDER, values.replace(/\.ts$/, '.js')));
    child = fork(program, [log], {
      execArgv: [],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    child.once('exit', (code, signal) => {
      ended = `The process has ended (${String(code ?? signal)})`;
    });
    const [{ port }] = (await once(child, 'message')) as [{ port: number }];
    url = `ws://127.0.0.1:${port}/ws`;
  }, 60_000);

  afterAll(async () => {
    child.disconnect();
    await once(child, 'exit');
    await rm(FOLDER, { recursive: true, force: true });
  });

  const connect = (): Promise<TestSocket> => TestSocket.connect(url);

  /** Nothing reached the process, and it serves as before. */
  async function expectSound(): Promise<void> {
    if (ended !== undefined) throw new Error(ended);
    await using socket = await connect();
    await socket.call('doors', 'prepare', { door: '', value: '' });
    expect(await socket.call('doors', 'faults')).toMatchObject({ data: [] });
    expect(await socket.call('doors', 'guarded')).toMatchObject({
      data: 'passed',
    });
  }

  /** Calls once for each value; each call has its answer, unless it waits. */
  async function callEach(
    service: string,
    command: string,
    paramsFor: (value: string) => object,
    waiting: ReadonlySet<string> = NEVER,
  ): Promise<void> {
    await using socket = await connect();
    const unanswered = new Set(NAMES);
    NAMES.forEach((value) => {
      const params = paramsFor(value);
      socket.send(service, { command, params, callId: value });
    });
    socket.send('doors', { command: 'turns', params: {}, callId: 'end' });
    for (;;) {
      const { message } = (await socket.next()) as { message: Answer | null };
      if (message?.callId === 'end') break;
      unanswered.delete(message?.callId as string);
    }
    expect([...unanswered].filter((name) => !waiting.has(name))).toEqual([]);
  }

  it.each([
    'identity',
    'clientsOf',
    'data',
    'send',
    'service name',
    'envelope',
    'sendMessageTo',
    'notify',
    'recipients',
    'message of a broadcast',
    'channel of a broadcast',
    'row',
    'deltas',
    'query',
    'items',
    'snapshot',
    'failing snapshot',
    'RpcError',
    'thrown',
    'rejected',
    'result',
    'promised result',
  ])('takes or refuses any value at the door: %s', async (door) => {
    await callEach('doors', 'give', (value) => ({ door, value }));
    await expectSound();
  });

  it.each(['reply', 'error'])('takes any value by hand: %s', async (door) => {
    await callEach('doors', 'byHand', (value) => ({ door, value }));
    await expectSound();
  });

  it.each(['close code', 'close reason'])(
    'closes, or keeps open, with any %s',
    async (door) => {
      for (const value of NAMES) {
        await using socket = await connect();
        const params = { door, value };
        const answer = await Promise.race([
          socket.call('doors', 'give', params).catch(() => undefined),
          socket.closed.then(() => undefined),
        ]);
        // Refused, it is as before.
        if ((answer as { type?: string } | undefined)?.type !== 'error')
          continue;
        expect(await socket.call('doors', 'guarded')).toMatchObject({
          data: 'passed',
        });
      }
      await expectSound();
    },
  );

  describe.each(['', ' throws', ' rejects'])('hooks of which one%s', (how) => {
    async function prepared(door: string, value: string): Promise<void> {
      await using socket = await connect();
      await socket.call('doors', 'prepare', { door: `${door}${how}`, value });
    }

    it.each([
      ['canPublish', 'publish'],
      ['canSubscribe', 'subscribe'],
    ])('answers any value: %s', async (door, command) => {
      for (const value of NAMES) {
        await prepared(door, value);
        await using socket = await connect();
        socket.send('pubsub', {
          command,
          params: { channel: 'c', message: 1 },
          callId: 'asked',
        });
        const end = { command: 'turns', params: {}, callId: 'end' };
        socket.send('doors', end);
        const { message } = (await socket.next()) as {
          message: { type: string; callId: string };
        };
        // Only true allows.
        if (message.callId === 'asked') expect(message.type).toBe('error');
        else expect(NEVER).toContain(value);
      }
      await expectSound();
    });

    it('answers any value: a guard', async () => {
      for (const value of NAMES) {
        await prepared('a guard', value);
        await using socket = await connect();
        socket.send('doors', { command: 'guarded', params: {}, callId: 1 });
      }
      await expectSound();
    });

    it('answers any value: processMessageFrom', async () => {
      for (const value of NAMES) {
        await prepared('processMessageFrom', value);
        await using socket = await connect();
        socket.send('raw', 1);
        await socket.call('doors', 'turns');
      }
      await expectSound();
    });

    it.each(['onClientConnected', 'onClientDisconnected'])(
      'answers any value: %s',
      async (door) => {
        for (const value of NAMES) {
          const query = new URLSearchParams({ door: `${door}${how}`, value });
          await using socket = await TestSocket.connect(
            `${url}?${query.toString()}`,
          );
          expect(socket.unread).toEqual([]);
        }
        await expectSound();
      },
    );

    it.each([
      'getKeyForModel',
      'matches',
      'getSubscriptionItemsForModel',
      'addSubscriptionItem',
      'removeSubscriptionItem',
      'checkQuery',
    ])('answers any value: %s of a dealer', async (door) => {
      for (const value of NAMES) {
        await using socket = await connect();
        const acquire = async (dealer: string): Promise<string> => {
          const { data } = (await socket.call('doors', 'token', {
            dealer,
          })) as { data: string };
          await socket.call('datasync', 'acquireSubscription', { token: data });
          return data;
        };
        await acquire('Items');
        const token = await acquire('Matching');
        await prepared(door, value);
        await acquire('Matching');
        socket.send('doors', { command: 'row', params: {}, callId: 'row' });
        socket.send('datasync', {
          command: 'cancelSubscription',
          params: { token },
        });
        await socket.call('doors', 'turns');
        await using other = await connect();
        await other.call('doors', 'prepare', { door: '', value: '' });
      }
      await expectSound();
    });
  });

  it.each([
    'identify',
    'identify throws',
    'expiresAt',
    'middleware throws',
    'middleware passes on',
    'middleware returns',
  ])('decides about connections with any value: %s', async (door) => {
    for (const value of NAMES) {
      const query = new URLSearchParams({ door, value });
      const socket = await Promise.race([
        TestSocket.connect(`${url}?${query.toString()}`).catch(() => undefined),
        new Promise<undefined>((resolve) =>
          NEVER.has(value) ? setImmediate(() => resolve(undefined)) : undefined,
        ),
      ]);
      await socket?.[Symbol.asyncDispose]();
    }
    await expectSound();
  });
});
