import { describe, expect, it, jest } from '@jest/globals';
import { isObservable } from 'rxjs';
import { RPCService, rpc, Service, Signal, Snorky } from 'snorky/client';
import { connect, inState, rejection } from '../support/client.js';
import { scriptedClient } from '../support/scripted-client.js';
import { ScriptedServer } from '../support/scripted-server.js';

interface CalcApi {
  sum(params: { a: number; b: number }): number;
  nothing(): void;
}

const services = { calc: rpc<CalcApi>(), echo: Service };

async function start() {
  const page = await scriptedClient(services);
  return { ...page, calc: page.services.calc };
}

describe('a call', () => {
  it('travels as the original sent it', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, { calc: RPCService, sci: RPCService });
    void snorky.services.calc.rpcCall('sum', { a: 1, b: 2 }).catch(() => {});
    void snorky.services.calc.rpcCall('nothing').catch(() => {});
    void snorky.services.sci.rpcCall('nothing').catch(() => {});
    const connection = await server.connection();
    expect(await connection.next()).toEqual({
      service: 'calc',
      message: { command: 'sum', params: { a: 1, b: 2 }, callId: 0 },
    });
    expect(await connection.next()).toEqual({
      service: 'calc',
      message: { command: 'nothing', params: {}, callId: 1 },
    });
    expect((await connection.next()).message.callId).toBe(0);
  });

  it('resolves with the data, whatever the order of the answers', async () => {
    await using app = await start();
    const sums = [1, 2, 3].map((a) => app.calc.sum({ a, b: 0 }));
    const calls = [];
    for (let i = 0; i < 3; i++) calls.push(await app.connection.next());
    for (const call of calls.reverse()) {
      app.connection.answer(call, call.message.params['a']);
    }
    expect(await Promise.all(sums)).toEqual([1, 2, 3]);
  });

  it.each([['Not authorized'], [{ code: 7 }], [null], ['']])(
    'rejects with what the service signals: %j',
    async (value) => {
      await using app = await start();
      const sum = rejection(app.calc.sum({ a: 1, b: 2 }));
      app.connection.refuse(await app.connection.next(), value);
      const error = await sum;
      expect(error).toBeInstanceOf(Error);
      expect(error).toMatchObject({
        name: 'RpcError',
        value,
        message: typeof value === 'string' ? value : JSON.stringify(value),
      });
    },
  );

  it('waits for the connection, in order', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, services, { connect: false });
    const sum = snorky.services.calc.sum({ a: 1, b: 2 });
    snorky.services.echo.sendMessage('hello');
    const nothing = snorky.services.calc.nothing();
    snorky.connect();
    const connection = await server.connection();
    const first = await connection.next();
    expect(await connection.next()).toEqual({
      service: 'echo',
      message: 'hello',
    });
    connection.answer(first, 3);
    connection.answer(await connection.next(), null);
    expect(await sum).toBe(3);
    expect(await nothing).toBeNull();
  });

  it('rejects parameters that JSON cannot express, and sends nothing', async () => {
    await using app = await start();
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    expect(await rejection(app.calc.rpcCall('sum', cycle))).toBeInstanceOf(
      TypeError,
    );
    const sum = app.calc.sum({ a: 1, b: 2 });
    const call = await app.connection.next();
    expect(call.message.callId).toBe(0);
    app.connection.answer(call, 3);
    expect(await sum).toBe(3);
  });

  it('is called by name through methods that were added', async () => {
    class Calc extends RPCService {
      declare sum: (params: object) => Promise<number>;
    }
    Calc.addRPCMethods(['sum']);
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, { calc: Calc });
    const connection = await server.connection();
    const sum = snorky.services.calc.sum({ a: 2, b: 3 });
    connection.answer(await connection.next(), 5);
    expect(await sum).toBe(5);
  });

  it('refuses to add a method over another, own or inherited', () => {
    class Calc extends RPCService {
      own(): void {}
    }
    for (const name of ['own', 'rpcCall', 'init', 'sendMessage']) {
      expect(() => Calc.addRPCMethods([name])).toThrow(`"${name}"`);
    }
    Calc.addRPCMethods(['sum']);
    expect(() => Calc.addRPCMethods(['sum'])).toThrow('"sum"');
    expect('sum' in RPCService.prototype).toBe(false);
  });
});

describe('a typed connector', () => {
  it('is no promise, so that it can be awaited', async () => {
    await using app = await start();
    expect(await Promise.resolve(app.calc)).toBe(app.calc);
    expect(app.connection.unread).toEqual([]);
  });

  it('is nobody whom a framework, a test or a library would ask', async () => {
    await using app = await start();
    const { calc } = app;
    const known = calc as unknown as Record<string, unknown>;
    const asked = [
      'then',
      'toJSON',
      '@@observable',
      'lift',
      'asymmetricMatch',
      'onModuleInit',
      'onModuleDestroy',
      'onApplicationBootstrap',
      'beforeApplicationShutdown',
      'onApplicationShutdown',
    ];
    for (const name of asked) expect(known[name]).toBeUndefined();
    expect(isObservable(calc)).toBe(false);
    expect(calc).toEqual(calc);
    expect(JSON.stringify({ sum: calc.sum })).toBe('{}');
    expect(app.connection.unread).toEqual([]);
  });

  it('gives the same function each time', async () => {
    await using app = await start();
    expect(app.calc.sum).toBe(app.calc.sum);
  });

  it('can be extended, private members included', async () => {
    class Calc extends rpc<CalcApi>() {
      #last = 7;
      get last(): number {
        return this.#last;
      }
    }
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, { calc: Calc });
    expect(snorky.services.calc.last).toBe(7);
  });

  it('keeps the members of its class', async () => {
    await using app = await start();
    expect(app.calc.name).toBe('calc');
    expect(app.calc.notificationReceived).toBeInstanceOf(Signal);
  });
});

describe('the loss of the connection', () => {
  it('rejects what was sent, and says that it may have run', async () => {
    await using app = await start();
    const sum = rejection(app.calc.sum({ a: 1, b: 2 }));
    await app.connection.next();
    app.connection.cut();
    expect(await sum).toMatchObject({
      name: 'ConnectorError',
      code: 'SNORKY_CONNECTION_LOST',
    });
  });

  it('repeats what may be repeated, before what waits', async () => {
    await using app = await start();
    const sum = app.calc.sum({ a: 1, b: 2 }, { repeat: true });
    await app.connection.next();
    app.connection.cut();
    await inState(app.snorky, 'waiting');
    const nothing = app.calc.nothing();
    const next = await app.server.connection();
    const repeated = await next.next();
    expect(repeated.message.command).toBe('sum');
    next.answer(repeated, 3);
    next.answer(await next.next(), null);
    expect(await sum).toBe(3);
    expect(await nothing).toBeNull();
  });

  it('repeats for as long as it takes', async () => {
    await using app = await start();
    const sum = app.calc.sum({ a: 1, b: 2 }, { repeat: true });
    let { connection } = app;
    for (let i = 0; i < 4; i++) {
      await connection.next();
      connection.cut();
      connection = await app.server.connection();
    }
    connection.answer(await connection.next(), 3);
    expect(await sum).toBe(3);
  });

  it('keeps what was not sent through attempts that fail', async () => {
    const first = await ScriptedServer.start();
    const { port } = first;
    await first[Symbol.asyncDispose]();
    using snorky = connect(`ws://127.0.0.1:${port}/`, services);
    const sum = snorky.services.calc.sum({ a: 1, b: 2 });
    await inState(snorky, 'waiting');
    await inState(snorky, 'connecting');
    await inState(snorky, 'waiting');
    await using server = await ScriptedServer.start(port);
    const connection = await server.connection();
    connection.answer(await connection.next(), 3);
    expect(await sum).toBe(3);
  });

  it('does not take an answer from an earlier connection', async () => {
    const errors = jest.spyOn(console, 'error').mockImplementation(() => {});
    try {
      await using app = await start();
      const lost = rejection(app.calc.sum({ a: 1, b: 2 }));
      const call = await app.connection.next();
      app.connection.cut();
      await lost;
      const next = await app.server.connection();
      const sum = app.calc.sum({ a: 3, b: 4 });
      const other = await next.next();
      next.answer(call, 'late');
      next.answer(other, 7);
      expect(await sum).toBe(7);
    } finally {
      errors.mockRestore();
    }
  });

  it('rejects everything when it is disconnected, what waits included', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, services, { connect: false });
    const calls = [
      rejection(snorky.services.calc.sum({ a: 1, b: 2 })),
      rejection(snorky.services.calc.sum({ a: 1, b: 2 }, { repeat: true })),
    ];
    snorky.services.echo.sendMessage('dropped');
    snorky.connect();
    snorky.disconnect();
    for (const call of calls) {
      expect(await call).toMatchObject({ code: 'SNORKY_DISCONNECTED' });
    }
    snorky.services.echo.sendMessage('first');
    snorky.connect();
    const connection = await server.connection();
    // An attempt that was given up may have reached the server as well.
    const message = await Promise.race([
      connection.next(),
      server.connection().then((second) => second.next()),
    ]);
    expect(message.message).toBe('first');
  });
});

describe('what bounds a call', () => {
  it('ends without an answer in time', async () => {
    await using app = await start();
    const error = await rejection(
      app.calc.sum({ a: 1, b: 2 }, { timeout: 20 }),
    );
    expect(error).toMatchObject({
      code: 'SNORKY_TIMEOUT',
      message: expect.stringContaining('calc.sum'),
    });
    expect((error as Error).message).toContain('20 ms');
  });

  it('ends without a connection in time, and is never sent', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, services, {
      connect: false,
      timeout: 10,
    });
    await rejection(snorky.services.calc.sum({ a: 1, b: 2 }));
    snorky.connect();
    const connection = await server.connection();
    snorky.services.echo.sendMessage('only this');
    expect((await connection.next()).message).toBe('only this');
  });

  it('has its time from when it is sent, where it may be repeated', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, services, { connect: false });
    const { calc } = snorky.services;
    let isOver = false;
    const unanswered = rejection(
      calc.sum({ a: 1, b: 2 }, { repeat: true, timeout: 10 }),
    ).finally(() => {
      isOver = true;
    });
    // By then the time of the other one would have been over.
    await rejection(calc.sum({ a: 0, b: 0 }, { timeout: 40 }));
    expect(isOver).toBe(false);
    snorky.connect();
    const connection = await server.connection();
    expect((await connection.next()).message.params).toEqual({ a: 1, b: 2 });
    expect(await unanswered).toMatchObject({ code: 'SNORKY_TIMEOUT' });
  });

  it.each([0, Infinity, 2 ** 40])(
    'waits with a timeout of %d',
    async (timeout) => {
      await using app = await start();
      const sum = app.calc.sum({ a: 1, b: 2 }, { timeout });
      const call = await app.connection.next();
      await new Promise((resolve) => setTimeout(resolve, 5));
      app.connection.answer(call, 3);
      expect(await sum).toBe(3);
    },
  );

  it('ends when its signal aborts, with the reason', async () => {
    await using app = await start();
    const aborter = new AbortController();
    const sum = rejection(
      app.calc.sum({ a: 1, b: 2 }, { signal: aborter.signal }),
    );
    await app.connection.next();
    const reason = new Error('The page was left');
    aborter.abort(reason);
    expect(await sum).toBe(reason);
  });

  it('is not even sent when its signal has aborted', async () => {
    await using app = await start();
    const signal = AbortSignal.abort();
    const error = await rejection(app.calc.sum({ a: 1, b: 2 }, { signal }));
    expect(error).toMatchObject({ name: 'AbortError' });
    app.snorky.services.echo.sendMessage('only this');
    expect((await app.connection.next()).message).toBe('only this');
  });

  it('leaves nothing at a signal that lives longer', async () => {
    await using app = await start();
    const { signal } = new AbortController();
    const add = jest.spyOn(signal, 'addEventListener');
    const remove = jest.spyOn(signal, 'removeEventListener');
    const sum = app.calc.sum({ a: 1, b: 2 }, { signal });
    app.connection.answer(await app.connection.next(), 3);
    await sum;
    expect(add).toHaveBeenCalledTimes(1);
    expect(remove.mock.calls[0]?.[1]).toBe(add.mock.calls[0]?.[1]);
  });

  it('is refused when too many wait', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, services, {
      connect: false,
      queue: { messages: 2 },
    });
    const waiting = [1, 2].map((a) => snorky.services.calc.sum({ a, b: 0 }));
    expect(
      await rejection(snorky.services.calc.sum({ a: 3, b: 0 })),
    ).toMatchObject({ code: 'SNORKY_QUEUE_FULL' });
    expect(() => snorky.services.echo.sendMessage('x')).toThrow(
      'There is no connection',
    );
    snorky.connect();
    const connection = await server.connection();
    for (const sum of waiting) {
      connection.answer(await connection.next(), 0);
      await sum;
    }
    // There is room again.
    snorky.services.echo.sendMessage('x');
    expect((await connection.next()).message).toBe('x');
  });

  it('is refused when too much waits', () => {
    using snorky = connect('ws://127.0.0.1:9', services, {
      connect: false,
      queue: { units: 100 },
    });
    snorky.services.echo.sendMessage('x'.repeat(50));
    expect(() => snorky.services.echo.sendMessage('x'.repeat(50))).toThrow(
      expect.objectContaining({ code: 'SNORKY_QUEUE_FULL' }),
    );
  });
});

describe('an answer that comes late', () => {
  it('is nothing to be printed', async () => {
    const errors = jest.spyOn(console, 'error').mockImplementation(() => {});
    try {
      await using app = await start();
      await rejection(app.calc.sum({ a: 1, b: 2 }, { timeout: 5 }));
      app.connection.answer(await app.connection.next(), 3);
      const sum = app.calc.sum({ a: 1, b: 2 });
      app.connection.answer(await app.connection.next(), 3);
      await sum;
      expect(errors).not.toHaveBeenCalled();
    } finally {
      errors.mockRestore();
    }
  });
});

describe('what no server sends that works', () => {
  const strange: readonly (readonly [string, string])[] = [
    ['no JSON', 'hello'],
    ['half of it', '{"service":"calc","message":'],
    ['nothing', ''],
    ['a list', '[1,2]'],
    ['null', 'null'],
    ['no message', '{"service":"calc"}'],
    ['no service', '{"message":{}}'],
    ['an unknown service', '{"service":"other","message":{}}'],
    ['a service of Object.prototype', '{"service":"__proto__","message":{}}'],
    ['another such', '{"service":"constructor","message":{}}'],
    ['a service that is no text', '{"service":{"a":1},"message":{}}'],
    ['null for an RPC service', '{"service":"calc","message":null}'],
    ['text for an RPC service', '{"service":"calc","message":"x"}'],
    ['no type', '{"service":"calc","message":{"a":1}}'],
    ['a type that is no text', '{"service":"calc","message":{"type":[]}}'],
    [
      'an answer to no call',
      '{"service":"calc","message":{"type":"response","callId":77,"data":1}}',
    ],
    [
      'an answer without call id',
      '{"service":"calc","message":{"type":"response","data":1}}',
    ],
    [
      'an error of no call',
      '{"service":"calc","message":{"type":"error","callId":null,"message":"x"}}',
    ],
    [
      'a call id of another type',
      '{"service":"calc","message":{"type":"response","callId":"0","data":1}}',
    ],
    [
      'a call id that is an object',
      '{"service":"calc","message":{"type":"response","callId":{},"data":1}}',
    ],
  ];

  it.each(strange)('hurts nobody: %s', async (_name, text) => {
    const errors = jest.spyOn(console, 'error').mockImplementation(() => {});
    try {
      await using app = await start();
      const sum = app.calc.sum({ a: 1, b: 2 });
      const call = await app.connection.next();
      app.connection.sendText(text);
      app.connection.ws.send(Buffer.from([0xff, 0xfe]), { binary: true });
      app.connection.answer(call, 3);
      expect(await sum).toBe(3);
      expect(app.snorky.state).toBe('connected');
    } finally {
      errors.mockRestore();
    }
  });

  it('settles no call twice', async () => {
    const errors = jest.spyOn(console, 'error').mockImplementation(() => {});
    try {
      await using app = await start();
      const first = app.calc.sum({ a: 1, b: 2 });
      const call = await app.connection.next();
      app.connection.answer(call, 3);
      app.connection.answer(call, 4);
      expect(await first).toBe(3);
      const second = app.calc.sum({ a: 1, b: 2 });
      app.connection.answer(await app.connection.next(), 5);
      expect(await second).toBe(5);
      // It may have been late as well: nothing to be printed.
      expect(errors).not.toHaveBeenCalled();
    } finally {
      errors.mockRestore();
    }
  });

  it('is printed, but not without end', async () => {
    const errors = jest.spyOn(console, 'error').mockImplementation(() => {});
    try {
      await using app = await start();
      for (let i = 0; i < 1000; i++) app.connection.sendText('no JSON');
      const sum = app.calc.sum({ a: 1, b: 2 });
      app.connection.answer(await app.connection.next(), 3);
      await sum;
      expect(errors.mock.calls.length).toBe(10);
    } finally {
      errors.mockRestore();
    }
  });

  it('reaches whoever listens to a raw service, null included', async () => {
    await using app = await start();
    const packets: unknown[] = [];
    app.snorky.services.echo.packetReceived.add((packet) =>
      packets.push(packet),
    );
    for (const message of [null, 0, '', [1], { type: 'x' }]) {
      app.connection.send('echo', message);
    }
    const sum = app.calc.sum({ a: 1, b: 2 });
    app.connection.answer(await app.connection.next(), 3);
    await sum;
    expect(packets).toEqual([null, 0, '', [1], { type: 'x' }]);
  });

  it('does not make one connector of the other', async () => {
    const errors = jest.spyOn(console, 'error').mockImplementation(() => {});
    try {
      class Broken extends Service {
        override $receive(): void {
          throw new Error('Broken');
        }
      }
      await using server = await ScriptedServer.start();
      using snorky = connect(server.url, { broken: Broken, calc: RPCService });
      const connection = await server.connection();
      const sum = snorky.services.calc.rpcCall('sum');
      const call = await connection.next();
      connection.send('broken', 1);
      connection.answer(call, 3);
      expect(await sum).toBe(3);
    } finally {
      errors.mockRestore();
    }
  });
});

describe('what an application may replace', () => {
  it('is the class of promises', async () => {
    await using app = await start();
    class Counted<T> extends Promise<T> {}
    const original = Snorky.Promise;
    Snorky.Promise = Counted;
    try {
      const sum = app.calc.sum({ a: 1, b: 2 });
      expect(sum).toBeInstanceOf(Counted);
      app.connection.answer(await app.connection.next(), 3);
      expect(await sum).toBe(3);
    } finally {
      Snorky.Promise = original;
    }
  });

  it('is the class of signals', () => {
    class Digesting<Args extends unknown[]> extends Signal<Args> {}
    const original = Snorky.Signal;
    Snorky.Signal = Digesting as typeof Signal;
    try {
      using snorky = connect('ws://x', services, { connect: false });
      expect(snorky.connected).toBeInstanceOf(Digesting);
      expect(snorky.services.calc.notificationReceived).toBeInstanceOf(
        Digesting,
      );
    } finally {
      Snorky.Signal = original;
    }
  });
});
