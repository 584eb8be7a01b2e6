import { describe, expect, it, jest } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { RpcCommand, SnorkyService } from 'snorky';
import { PubSub, RPCService, Service, type RpcError } from 'snorky/client';
import type { Feature } from '../../../src/protocol/features.js';
import { startServices } from '../../support/servers/services.js';
import { connect, dispatched, inState, rejection } from '../support/client.js';
import { ScriptedServer } from '../support/scripted-server.js';

/** A connector that uses what the connection and its server agree on. */
class Knowing extends RPCService {
  granted(...names: Feature[]): boolean[] {
    return names.map((name) => this.snorky.$features.granted(name));
  }

  /** When the connection has its answer. */
  async answered(): Promise<void> {
    const negotiation = this.snorky.$features as unknown as Service;
    await dispatched(negotiation.packetReceived);
  }
}

/** A connector that asks for what this one does not understand. */
class Eager extends Knowing {
  override init(): void {
    this.snorky.$features.ask('taken', 'taken', 'replaces');
  }
}

@SnorkyService('calculator')
class Calculator {
  @RpcCommand()
  nothing(): void {}
}

describe('the hello of a connector', () => {
  it('comes before everything else, on each connection', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, { pubsub: PubSub, calc: RPCService });
    const { calc, pubsub } = snorky.services;
    const queued = calc.rpcCall('queued', {}, { repeat: true });
    snorky.connected.add(() => {
      calc.rpcCall('greeting').catch(() => {});
    });
    const subscribed = pubsub.subscribe({ channel: 'news' });
    const first = await server.connection();
    for (let i = 0; i < 3; i++) first.answer(await first.next(), null);
    await Promise.all([queued, subscribed]);
    expect(first.order).toEqual(['snorky', 'calc', 'pubsub', 'calc']);
    first.cut();
    const second = await server.connection();
    for (let i = 0; i < 2; i++) await second.next();
    expect(second.order).toEqual(['snorky', 'pubsub', 'calc']);
  });

  it('says what it understands, and what it is', async () => {
    await using server = await ScriptedServer.start();
    using _snorky = connect(server.url, { eager: Eager, calc: RPCService });
    const connection = await server.connection();
    const { version } = JSON.parse(
      readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
    ) as { version: string };
    expect(await connection.hello()).toEqual({
      service: 'snorky',
      message: {
        command: 'hello',
        params: {
          features: ['errors', 'taken', 'replaces'],
          client: `snorky/${version}`,
        },
        callId: 0,
      },
    });
  });

  it('grants what the answer names, for that connection', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, { eager: Eager });
    const { eager } = snorky.services;
    const first = await server.connection();
    const hello = await first.hello();
    await inState(snorky, 'connected');
    expect(eager.granted('errors', 'taken')).toEqual([false, false]);
    first.answer(hello, { features: ['taken', 'replaces'] });
    await eager.answered();
    expect(eager.granted('errors', 'taken', 'replaces')).toEqual([
      ...[false, true, true],
    ]);
    first.cut();
    await inState(snorky, 'waiting');
    expect(eager.granted('taken')).toEqual([false]);
    const second = await server.connection();
    second.answer(await second.hello(), { features: ['errors'] });
    await eager.answered();
    expect(eager.granted('errors', 'taken')).toEqual([true, false]);
  });

  it.each([null, 7, [], {}, { features: null }, { features: { 0: 'errors' } }])(
    'is not hurt by the answer %j',
    async (answer) => {
      const errors = jest.spyOn(console, 'error').mockImplementation(() => {});
      try {
        await using server = await ScriptedServer.start();
        using snorky = connect(server.url, { calc: Knowing });
        const connection = await server.connection();
        connection.answer(await connection.hello(), answer);
        await snorky.services.calc.answered();
        expect(snorky.services.calc.granted('errors')).toEqual([false]);
        expect(errors).not.toHaveBeenCalled();
      } finally {
        errors.mockRestore();
      }
    },
  );

  it('changes nothing with a server that refuses or discards it', async () => {
    const errors = jest.spyOn(console, 'error').mockImplementation(() => {});
    try {
      await using server = await ScriptedServer.start();
      using snorky = connect(server.url, { calc: Knowing });
      for (const discards of [false, true]) {
        const connection = await server.connection();
        const hello = await connection.hello();
        if (!discards) connection.refuse(hello, 'Invalid params');
        const call = snorky.services.calc.rpcCall('x');
        connection.answer(await connection.next(), 1);
        expect(await call).toBe(1);
        expect(snorky.services.calc.granted('errors')).toEqual([false]);
        connection.cut();
      }
      expect(errors).not.toHaveBeenCalled();
    } finally {
      errors.mockRestore();
    }
  });

  it('is not said to a service of that name which the page has', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, { snorky: RPCService, calc: Service });
    expect(Object.keys(snorky.services)).toEqual(['snorky', 'calc']);
    await inState(snorky, 'connected');
    snorky.services.snorky.rpcCall('greet').catch(() => {});
    const connection = await server.connection();
    expect((await connection.hello()).message).toEqual({
      command: 'greet',
      params: {},
      callId: 0,
    });
    expect(connection.order).toEqual(['snorky']);
  });

  it('leaves the services of a page as they were given', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, { calc: RPCService });
    expect(Object.keys(snorky.services)).toEqual(['calc']);
  });
});

describe('the sign of life', () => {
  const fast = { heartbeat: 10, heartbeatTimeout: 20 };

  it('is asked of a server that has said hello, whatever the services', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, { echo: Service }, fast);
    const connection = await server.connection();
    connection.answer(await connection.hello(), { features: [] });
    for (let i = 0; i < 3; i++) {
      const question = await connection.hello();
      expect(question.message.command).toBe('');
      connection.refuse(question, 'Unknown command');
    }
    expect(server.accepted).toBe(1);
    await inState(snorky, 'waiting');
  });

  it('is not asked of the next server, unless that has said hello too', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, { echo: Knowing }, fast);
    const first = await server.connection();
    first.answer(await first.hello(), { features: [] });
    await snorky.services.echo.answered();
    first.cut();
    const second = await server.connection();
    expect((await second.hello()).message.command).toBe('hello');
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(second.order).toEqual(['snorky']);
    expect(snorky.state).toBe('connected');
  });
});

describe('with a server of this version', () => {
  it('has a service that is missing refuse, instead of being silent', async () => {
    await using app = await startServices([Calculator]);
    using snorky = connect(`${app.ws}/ws`, { calculatr: Knowing });
    const error = await rejection(snorky.services.calculatr.rpcCall('nothing'));
    expect((error as RpcError).message).toBe('No such service');
    expect(snorky.services.calculatr.granted('errors')).toEqual([true]);
  });

  it('calls what there is', async () => {
    await using app = await startServices([Calculator]);
    using snorky = connect(`${app.ws}/ws`, { calculator: RPCService });
    expect(await snorky.services.calculator.rpcCall('nothing')).toBeNull();
  });
});
