import { describe, expect, it } from '@jest/globals';
import type { Client } from '../../../src/core/clients/client.js';
import { RpcError } from '../../../src/core/rpc/rpc-error.js';
import type { RpcRequest } from '../../../src/core/rpc/rpc-request.js';
import type { Command } from '../../../src/core/rpc/command.js';
import { RpcService } from '../../../src/core/rpc/rpc-service.js';
import { ServiceRegistry } from '../../../src/core/registry/service-registry.js';
import type { JsonValue } from '../../../src/protocol/json.js';
import { deferred } from '../../support/waiting/deferred.js';
import { LocalClient, LogLines } from '../../support/servers/local-client.js';

class Calc extends RpcService {}

type Invoke = Command['invoke'];

function setUp(commands: Readonly<Record<string, Invoke | Partial<Command>>>): {
  registry: ServiceRegistry;
  service: Calc;
  client: LocalClient;
  log: LogLines;
  call(command: JsonValue, params?: JsonValue, callId?: JsonValue): void;
} {
  const log = new LogLines();
  const registry = new ServiceRegistry('frontend', log);
  const service = new Calc();
  const invoke: Invoke = () => undefined;
  service.installCommands(
    new Map(
      Object.entries(commands).map(([name, given]) => [
        name,
        {
          async: false,
          staged: false,
          invoke,
          ...(typeof given === 'function' ? { invoke: given } : given),
        },
      ]),
    ),
  );
  registry.register('calc', service);
  const client = new LocalClient();
  return {
    registry,
    service,
    client,
    log,
    call(command, params = {}, callId = 1) {
      client.tell(registry, 'calc', { command, params, callId });
    },
  };
}

const settled = (): Promise<void> => new Promise(setImmediate);

describe('A call', () => {
  it('is answered with the result', () => {
    const { client, call } = setUp({ add: ({ params }) => params['n'] });
    call('add', { n: 5 });
    call('add', {}, 'x');
    expect(client.messages).toEqual([
      { type: 'response', callId: 1, data: 5 },
      { type: 'response', callId: 'x', data: null },
    ]);
  });

  it('is answered before the next message is looked at', () => {
    const { client, call } = setUp({ one: () => 1 });
    call('one');
    expect(client.texts).toHaveLength(1);
  });

  it.each<JsonValue>([
    'Add',
    '',
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'installCommands',
    'processMessageFrom',
    'name',
    7,
    null,
    ['add'],
    {},
  ])('to %j is an unknown command, whatever the params', (command) => {
    const { client, call } = setUp({ add: () => 1 });
    call(command);
    call(command, null);
    const error = { type: 'error', callId: 1, message: 'Unknown command' };
    expect(client.messages).toEqual([error, error]);
  });

  it.each<JsonValue>([null, [], 'params', 7, true])(
    'with params %j is refused',
    (params) => {
      const { client, call } = setUp({ add: () => 1 });
      call('add', params);
      expect(client.messages).toEqual([
        { type: 'error', callId: 1, message: 'Invalid params' },
      ]);
      expect(client.pending).toBe(0);
    },
  );

  it.each<JsonValue>([
    {},
    { command: 'add' },
    { params: {} },
    { command: 'add', callId: 1 },
    [],
    null,
    'add',
  ])('of the shape %j is discarded', (message) => {
    const { registry, client, log } = setUp({ add: () => 1 });
    client.tell(registry, 'calc', message);
    expect(client.messages).toEqual([]);
    expect(client.faults).toEqual(['notACall']);
    expect(log.lines).toHaveLength(1);
  });

  it('counts as pending until it is answered', async () => {
    const gate = deferred<number>();
    const { client, call } = setUp({ wait: () => gate.promise });
    call('wait');
    expect(client.pending).toBe(1);
    gate.resolve(1);
    await settled();
    expect(client.pending).toBe(0);
  });

  it('is shown in the log with sorted keys, in one line of 100 characters', () => {
    const { log, call } = setUp({
      fail: () => {
        throw new Error('broken');
      },
    });
    call('fail', { b: 'é\n', a: [1] });
    call('fail', { long: 'x'.repeat(200) });
    expect(log.lines).toEqual([
      'error Command failed: calc.fail',
      'error Command failed: calc.fail',
    ]);
    expect(log.details).toEqual([
      'Failed: calc.fail({"a": [1], "b": "é\\n"})',
      `Failed: calc.fail({"long": "${'x'.repeat(77)}...`,
    ]);
    expect(log.stacks[0]).toMatch(/^Error: broken\n/);
  });
});

describe('Errors of a command', () => {
  it.each<[string, unknown, JsonValue]>([
    ['an RpcError', new RpcError('No'), 'No'],
    [
      'an RpcError with another value',
      new RpcError({ code: [1] }),
      { code: [1] },
    ],
    ['an RpcError with null', new RpcError(null), null],
    ['an RpcError without a value', new RpcError(), 'Exception'],
    ['any other error', new TypeError('secret'), 'Internal error'],
    ['something that is no error', 'secret', 'Internal error'],
    ['nothing', undefined, 'Internal error'],
  ])('are sent for %s', async (_what, error, message) => {
    const { client, call } = setUp({
      throws: () => {
        throw error;
      },
      rejects: () => Promise.reject(error as Error),
    });
    call('throws');
    call('rejects');
    await settled();
    expect(client.messages).toEqual([
      { type: 'error', callId: 1, message },
      { type: 'error', callId: 1, message },
    ]);
  });

  it('are logged unless they are answers', () => {
    const { log, call, registry } = setUp({
      answer: () => {
        throw new RpcError('No');
      },
      fail: () => {
        throw new Error('No');
      },
    });
    call('answer');
    expect(log.lines).toEqual([]);
    call('fail');
    expect(log.lines).toHaveLength(1);
    expect(registry.counters.failures).toBe(1);
  });

  it('of the mapping are logged, and the caller is answered', () => {
    const { service, client, log, call } = setUp({
      fail: () => {
        throw new Error('first');
      },
    });
    service.installCommands(new Map(), () => {
      throw new Error('second');
    });
    call('fail');
    expect(client.messages).toMatchObject([{ message: 'Internal error' }]);
    expect(log.lines).toHaveLength(2);
  });

  it.each<[string, unknown]>([
    ['a big integer', 1n],
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
  ])('%s as a result is an internal error', (_what, result) => {
    const { client, log, call } = setUp({ get: () => result });
    call('get');
    expect(client.messages).toEqual([
      { type: 'error', callId: 1, message: 'Internal error' },
    ]);
    expect(log.lines).toHaveLength(1);
    expect(client.pending).toBe(0);
  });

  it('that JSON cannot express are internal errors', () => {
    const { client, call } = setUp({
      byHand: (request) => request.error({ n: 1n } as unknown as JsonValue),
      thrown: () => {
        throw new RpcError([null]);
      },
    });
    call('byHand');
    call('thrown');
    expect(client.messages).toEqual([
      { type: 'error', callId: 1, message: 'Internal error' },
      { type: 'error', callId: 1, message: [null] },
    ]);
  });
});

describe('Resolution', () => {
  it('by hand replaces the automatic reply', async () => {
    const { client, log, call } = setUp({
      reply: (request) => request.reply(7),
      error: (request) => request.error('No'),
      plainError: (request) => request.error(),
      nothing: (request) => request.reply(),
      later: async (request) => {
        await settled();
        request.reply(8);
      },
    });
    for (const name of ['reply', 'error', 'plainError', 'nothing', 'later']) {
      call(name);
    }
    await settled();
    await settled();
    expect(client.messages).toEqual([
      { type: 'response', callId: 1, data: 7 },
      { type: 'error', callId: 1, message: 'No' },
      { type: 'error', callId: 1, message: 'Exception' },
      { type: 'response', callId: 1, data: null },
      { type: 'response', callId: 1, data: 8 },
    ]);
    expect(log.lines).toEqual([]);
  });

  it('twice keeps the first, and logs the second', () => {
    const { client, log, call } = setUp({
      replyTwice(request) {
        request.reply(1);
        expect(request.resolved).toBe(true);
        request.reply(2);
      },
      replyThenReturn(request) {
        request.reply(1);
        return 2;
      },
      replyThenRaise(request) {
        request.reply(1);
        throw new RpcError('No');
      },
      errorThenReply(request) {
        request.error('1');
        request.reply(2);
      },
    });
    const names = [
      'replyTwice',
      'replyThenReturn',
      'replyThenRaise',
      'errorThenReply',
    ];
    for (const name of names) call(name);
    expect(client.messages).toEqual([
      { type: 'response', callId: 1, data: 1 },
      { type: 'response', callId: 1, data: 1 },
      { type: 'response', callId: 1, data: 1 },
      { type: 'error', callId: 1, message: '1' },
    ]);
    expect(log.lines).toEqual(
      names.map((name) =>
        expect.stringContaining(
          `Ignored a second resolution (${name === 'replyThenRaise' ? 'error' : 'reply'}) of calc.${name}:`,
        ),
      ),
    );
    expect(client.pending).toBe(0);
  });

  it('of an async command comes whenever somebody resolves it', async () => {
    const waiting: RpcRequest[] = [];
    const { client, call } = setUp({
      consume: { async: true, invoke: (request) => void waiting.push(request) },
      nothing: { async: true, invoke: () => Promise.resolve(null) },
      now: { async: true, invoke: () => 1 },
      soon: { async: true, invoke: () => Promise.resolve(2) },
      fails: {
        async: true,
        invoke: () => {
          throw new RpcError('No');
        },
      },
      produce: ({ params }) => {
        for (const request of waiting.splice(0)) request.reply(params['v']);
        return 'done';
      },
    });
    call('consume', {}, 'a');
    call('nothing', {}, 'b');
    call('now', {}, 'c');
    call('soon', {}, 'd');
    call('fails', {}, 'e');
    await settled();
    call('produce', { v: 9 }, 'f');
    expect(client.messages).toEqual([
      { type: 'response', callId: 'c', data: 1 },
      { type: 'error', callId: 'e', message: 'No' },
      { type: 'response', callId: 'd', data: 2 },
      { type: 'response', callId: 'a', data: 9 },
      { type: 'response', callId: 'f', data: 'done' },
    ]);
    expect(client.pending).toBe(1);
  });

  it('does not wait for async commands at shutdown', async () => {
    const { registry, call } = setUp({
      never: { async: true, invoke: () => new Promise(() => {}) },
    });
    call('never');
    await expect(registry.idle(60_000)).resolves.toBeUndefined();
  });
});

describe('The order of calls', () => {
  it('is kept while a staged command has not entered its method', async () => {
    const gate = deferred();
    const { client, call } = setUp({
      guarded: {
        staged: true,
        invoke: () => gate.promise.then(() => 'guarded'),
      },
      plain: () => 'plain',
    });
    call('guarded', {}, 0);
    call('plain', {}, 1);
    call('plain', {}, 2);
    expect(client.texts).toEqual([]);
    expect(client.pending).toBe(3);
    gate.resolve();
    await settled();
    expect(client.messages).toMatchObject([
      { callId: 0 },
      { callId: 1 },
      { callId: 2 },
    ]);
  });

  it('lets the next one start when the method has returned a promise', async () => {
    const gate = deferred();
    const { client, call } = setUp({
      slow: {
        staged: true,
        invoke: async (_request, started) => {
          await settled();
          started?.();
          await gate.promise;
          return 'slow';
        },
      },
      plain: () => 'plain',
    });
    call('slow', {}, 0);
    call('plain', {}, 1);
    expect(client.texts).toEqual([]);
    await settled();
    await settled();
    expect(client.messages).toMatchObject([{ callId: 1 }]);
    gate.resolve();
    await settled();
    expect(client.messages).toMatchObject([{ callId: 1 }, { callId: 0 }]);
  });

  it('goes on after a staged command that throws at once', () => {
    const { client, call } = setUp({
      broken: {
        staged: true,
        invoke: () => {
          throw new RpcError('No');
        },
      },
      plain: () => 'plain',
    });
    call('broken', {}, 0);
    call('plain', {}, 1);
    expect(client.messages).toMatchObject([{ callId: 0 }, { callId: 1 }]);
  });

  it('of one client does not concern another', () => {
    const { registry, client, call } = setUp({
      guarded: { staged: true, invoke: () => new Promise(() => {}) },
      plain: () => 'plain',
    });
    call('guarded');
    const other = new LocalClient();
    other.tell(registry, 'calc', { command: 'plain', params: {}, callId: 1 });
    expect(client.messages).toEqual([]);
    expect(other.messages).toEqual([
      { type: 'response', callId: 1, data: 'plain' },
    ]);
  });
});

describe('installCommands', () => {
  it('refuses a name twice', () => {
    const { service } = setUp({ add: () => 1 });
    const command: Command = { async: false, staged: false, invoke: () => 1 };
    expect(() => service.installCommands(new Map([['add', command]]))).toThrow(
      'Command "add" is declared twice.',
    );
    expect(service.commandNames()).toEqual(['add']);
  });
});

describe('RpcError', () => {
  it('is an error with a value', () => {
    expect(new RpcError({ a: 1 })).toMatchObject({
      name: 'RpcError',
      message: '{"a":1}',
      value: { a: 1 },
    });
    expect(new RpcError('No').message).toBe('No');
    expect(new RpcError().value).toBe('Exception');
  });
});

describe('A service that looks at its messages first', () => {
  class Slow extends RpcService {
    override processMessageFrom(client: Client, message: JsonValue): void {
      setImmediate(() => super.processMessageFrom(client, message));
    }
  }

  it('has each of them counted with its own size', async () => {
    const registry = new ServiceRegistry('frontend');
    const service = new Slow();
    const invoke: Invoke = () => new Promise(() => {});
    service.installCommands(
      new Map([['wait', { async: true, staged: false, invoke }]]),
    );
    registry.register('slow', service);
    const client = new LocalClient();
    for (const length of [10_000, 1]) {
      const params = { text: 'x'.repeat(length) };
      client.tell(registry, 'slow', { command: 'wait', params });
    }
    await settled();
    expect(client.pending).toBe(2);
    expect(client.pendingBytes).toBeGreaterThan(10_000);
    expect(client.pendingBytes).toBeLessThan(10_200);
  });
});
