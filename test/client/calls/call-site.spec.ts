import { describe, expect, it } from '@jest/globals';
import {
  Chat,
  ConnectorError,
  PubSub,
  RPCService,
  rpc,
  RpcError,
  type Snorky,
} from 'snorky/client';
import { connect, inState, rejection } from '../support/client.js';
import {
  ScriptedServer,
  type ScriptedConnection,
} from '../support/scripted-server.js';

interface CalcApi {
  sum(params: { a: number; b: number }): number;
}

class Named extends RPCService {}
Named.addRPCMethods(['sum']);

/** A connector whose own method makes the call for the page. */
class Wrapped extends RPCService {
  add(a: number, b: number): Promise<unknown> {
    return this.rpcCall('sum', { a, b }, {}, this.add);
  }
}

/** Who looks at each call first. */
class Watching extends (rpc<CalcApi>() as unknown as typeof RPCService) {
  override rpcCall<Result>(
    ...args: Parameters<RPCService['rpcCall']>
  ): Promise<Result> {
    return super.rpcCall<Result>(...args);
  }
}

const services = {
  calc: rpc<CalcApi>(),
  named: Named,
  wrapped: Wrapped,
  watching: Watching,
  pubsub: PubSub,
  chat: Chat,
};

type Services = Snorky<typeof services>['services'];

async function start() {
  const server = await ScriptedServer.start();
  const snorky = connect(server.url, services);
  const connection = await server.connection();
  await inState(snorky, 'connected');
  return {
    services: snorky.services,
    snorky,
    connection,
    [Symbol.asyncDispose]: async () => {
      snorky.disconnect();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** The frames of an error, from the first on. */
function frames(error: unknown): string[] {
  const { stack = '' } = error as Error;
  return stack.split('\n').filter((line) => line.startsWith('    at '));
}

const fromThePage: Readonly<
  Record<string, (services: Services) => Promise<unknown>>
> = {
  'rpcCall of a typed connector': function ({ calc }) {
    return calc.rpcCall('sum', { a: 1, b: 2 });
  },
  'a method of a typed connector': function ({ calc }) {
    return calc.sum({ a: 1, b: 2 });
  },
  'a method of addRPCMethods': function ({ named }) {
    return (named as unknown as { sum(): Promise<unknown> }).sum();
  },
  'a method of its own class': function ({ wrapped }) {
    return wrapped.add(1, 2);
  },
  'rpcCall that was overridden': function ({ watching }) {
    return watching.rpcCall('sum');
  },
  'an awaited call': async function ({ calc }) {
    const sum = await calc.sum({ a: 1, b: 2 });
    return sum;
  },
  'PubSub.subscribe': function ({ pubsub }) {
    return pubsub.subscribe({ channel: 'news' });
  },
  'PubSub.publish': function ({ pubsub }) {
    return pubsub.publish({ channel: 'news', message: 1 });
  },
  'Chat.leave': function ({ chat }) {
    return chat.leave({ channel: 'support' });
  },
};

/** How a call can fail, made to happen once it has arrived. */
const failures: Readonly<
  Record<string, (connection: ScriptedConnection, snorky: Snorky) => void>
> = {
  'is refused by the service': (connection) => {
    void connection.next().then((call) => {
      connection.refuse(call, 'Not\nallowed: $&');
    });
  },
  'is given up by disconnect()': (connection, snorky) => {
    void connection.next().then(() => snorky.disconnect());
  },
};

describe.each(Object.keys(failures))('the error of a call that %s', (how) => {
  it.each(Object.keys(fromThePage))(
    'begins where the page used %s',
    async (what) => {
      await using app = await start();
      failures[how]?.(app.connection, app.snorky as unknown as Snorky);
      const error = await rejection(fromThePage[what]!(app.services));
      const [first = ''] = frames(error);
      expect(first).toMatch(/call-site\.spec\.ts:\d+/);
      expect(first).not.toMatch(/Wrapped|Watching/);
      const { name, message, stack } = error as Error;
      expect(stack).toContain(`${name}: ${message}\n    at `);
    },
  );
});

describe('the error of a call', () => {
  const asked = { a: 1, b: 2 };

  it('says what was called, when the service refuses', async () => {
    await using app = await start();
    const error = rejection(app.services.calc.sum(asked));
    app.connection.refuse(await app.connection.next(), 'No');
    expect(await error).toBeInstanceOf(RpcError);
    expect(await error).toMatchObject({
      message: 'No',
      service: 'calc',
      command: 'sum',
    });
  });

  it('says what was called, for each of those that a loss has ended', async () => {
    await using app = await start();
    const { calc, pubsub } = app.services;
    const calls = [
      calc.sum(asked),
      calc.rpcCall('log'),
      pubsub.publish({ channel: 1, message: 2 }),
    ].map(rejection);
    for (const _ of calls) await app.connection.next();
    app.connection.cut();
    const errors = (await Promise.all(calls)) as ConnectorError[];
    expect(errors).toMatchObject([
      { code: 'SNORKY_CONNECTION_LOST', service: 'calc', command: 'sum' },
      { code: 'SNORKY_CONNECTION_LOST', service: 'calc', command: 'log' },
      { code: 'SNORKY_CONNECTION_LOST', service: 'pubsub', command: 'publish' },
    ]);
    expect(new Set(errors.map((error) => error.stack)).size).toBe(3);
  });

  it('says what was called, after a time-out', async () => {
    await using app = await start();
    const error = rejection(app.services.calc.sum(asked, { timeout: 1 }));
    expect(await error).toMatchObject({
      code: 'SNORKY_TIMEOUT',
      service: 'calc',
      command: 'sum',
    });
    expect(frames(await error)[0]).toContain('call-site.spec.ts');
  });

  it('says what was called, when nothing can be sent', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, services, { queue: { messages: 0 } });
    const error = await rejection(snorky.services.calc.sum(asked));
    expect(error).toMatchObject({
      code: 'SNORKY_QUEUE_FULL',
      service: 'calc',
      command: 'sum',
    });
    expect(frames(error)[0]).toContain('call-site.spec.ts');
  });

  it.each([undefined, new Error('Enough')])(
    'is the reason of its signal, after abort(%s): others have it too',
    async (given) => {
      await using app = await start();
      const aborter = new AbortController();
      const { signal } = aborter;
      const error = rejection(app.services.calc.sum(asked, { signal }));
      await app.connection.next();
      aborter.abort(given);
      expect(await error).toBe(signal.reason);
      expect(signal.reason).not.toHaveProperty('command');
    },
  );

  it('has no lines where the application wants none', async () => {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    try {
      await using app = await start();
      const error = rejection(app.services.calc.sum(asked));
      app.connection.refuse(await app.connection.next(), 'No');
      expect(((await error) as Error).stack).toBe('RpcError: No');
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  });
});
