import { describe, expect, it } from '@jest/globals';
import type { Client } from '../../../src/core/clients/client.js';
import type {
  CommandReport,
  RegistryObserver,
} from '../../../src/core/observation/observers.js';
import type { RegistryEvent } from '../../../src/core/observation/registry-event.js';
import type { Command } from '../../../src/core/rpc/command.js';
import { RpcError } from '../../../src/core/rpc/rpc-error.js';
import type { RpcRequest } from '../../../src/core/rpc/rpc-request.js';
import { RpcService } from '../../../src/core/rpc/rpc-service.js';
import { ServiceRegistry } from '../../../src/core/registry/service-registry.js';
import { LocalClient, LogLines } from '../../support/servers/local-client.js';

class Commands extends RpcService {
  constructor(commands: Readonly<Record<string, Command['invoke']>>) {
    super();
    const installed = Object.entries(commands).map(
      ([name, invoke]) =>
        [
          name,
          { async: name.startsWith('later'), staged: false, invoke },
        ] as const,
    );
    this.installCommands(new Map(installed));
  }
}

function setUp(commands: Readonly<Record<string, Command['invoke']>> = {}) {
  const log = new LogLines();
  const registry = new ServiceRegistry('frontend', log);
  registry.register('tasks', new Commands(commands));
  const client = new LocalClient();
  const call = (command: unknown): void => {
    const message = { command, params: {}, callId: 1 };
    registry.dispatch(client, JSON.stringify({ service: 'tasks', message }));
  };
  return { registry, client, log, call };
}

/** What an observer is told. */
function witness(registry: ServiceRegistry) {
  const reports: CommandReport[] = [];
  const events: RegistryEvent[] = [];
  const stop = registry.observe({
    command: (report) => reports.push(report),
    event: (event) => events.push(event),
  });
  return { reports, events, stop };
}

describe('Somebody who looks on at calls', () => {
  it('is told of each how it ended, and how long it took', async () => {
    let reply!: () => void;
    const { registry, client, call } = setUp({
      sum: () => 3,
      wait: () => new Promise((resolve) => setTimeout(resolve, 25)),
      refuse: () => {
        throw new RpcError('No');
      },
      fail: () => {
        throw new Error('Oops');
      },
      unsayable: () => 1n,
      later: (request: RpcRequest) => {
        reply = () => request.reply(1);
      },
      never: () => new Promise(() => {}),
    });
    registry.connect(client);
    const { reports } = witness(registry);
    const began = performance.now();
    call('wait');
    for (const name of ['sum', 'refuse', 'fail', 'unsayable', 'never']) {
      call(name);
    }
    call('later');
    expect(reports.map(({ command, outcome }) => [command, outcome])).toEqual([
      ['sum', 'answered'],
      ['refuse', 'refused'],
      ['fail', 'failed'],
      ['unsayable', 'failed'],
    ]);
    reply();
    while (reports.length < 6) await new Promise(setImmediate);
    const [, , , , later, wait] = reports;
    expect(later).toMatchObject({ command: 'later', outcome: 'answered' });
    expect(wait).toMatchObject({
      service: 'tasks',
      command: 'wait',
      outcome: 'answered',
    });
    expect(wait?.client).toBe(client);
    expect(wait?.duration).toBeGreaterThan(24);
    expect(wait?.duration).toBeLessThanOrEqual(performance.now() - began);
  });

  it('is not told what callers make up as names', () => {
    const { registry, client, call } = setUp({ sum: () => 3 });
    registry.connect(client);
    const { reports } = witness(registry);
    for (const name of ['none', 'constructor', 7, null]) call(name);
    expect(reports.map(({ command, outcome }) => [command, outcome])).toEqual([
      [undefined, 'refused'],
      [undefined, 'refused'],
      [undefined, 'refused'],
      [undefined, 'refused'],
    ]);
  });

  it('is told nothing of what came before, nor of what comes after the end', () => {
    const { registry, client, call } = setUp({ sum: () => 3 });
    registry.connect(client);
    call('sum');
    const { reports, events, stop } = witness(registry);
    expect(registry.observers.hearsCommands).toBe(true);
    call('sum');
    stop();
    stop();
    expect(registry.observers.hearsCommands).toBe(false);
    call('sum');
    registry.disconnect(client);
    expect(reports).toHaveLength(1);
    expect(events).toEqual([]);
  });

  it('costs no clock where it looks on at other things only', () => {
    const { registry } = setUp();
    registry.observe({ event: () => {} });
    expect(registry.observers.hearsCommands).toBe(false);
    expect(registry.observers.hearsEvents).toBe(true);
  });
});

describe('Somebody who looks on at who comes and goes', () => {
  it('is told so, and who that was', () => {
    const { registry, client } = setUp();
    const { events } = witness(registry);
    const before = Date.now();
    client.identity = 'ann';
    registry.connect(client);
    client.identity = 'bob';
    registry.disconnect(client);
    registry.disconnect(client);
    expect(events).toEqual([
      {
        type: 'connected',
        at: expect.any(Number),
        client: client.id,
        identity: 'ann',
      },
      {
        type: 'disconnected',
        at: expect.any(Number),
        client: client.id,
        identity: 'bob',
      },
    ]);
    for (const { at } of events) {
      expect(at).toBeGreaterThanOrEqual(before);
      expect(at).toBeLessThanOrEqual(Date.now());
    }
  });
});

describe('An observer that fails', () => {
  it.each<[string, () => unknown]>([
    [
      'by throwing',
      () => {
        throw new Error('Oops');
      },
    ],
    ['by a promise', () => Promise.reject(new Error('Oops'))],
    [
      'by a thenable',
      () => ({
        then: () => {
          throw new Error('Oops');
        },
      }),
    ],
  ])('%s is logged, and reaches nobody else', async (_how, fail) => {
    const { registry, client, log, call } = setUp({ sum: () => 3 });
    const failing = { command: fail, event: fail } as RegistryObserver;
    registry.observe(failing);
    const { reports, events } = witness(registry);
    registry.connect(client);
    call('sum');
    await new Promise(setImmediate);
    expect(events).toHaveLength(1);
    expect(reports).toHaveLength(1);
    expect(client.texts).toHaveLength(1);
    expect(registry.counters.failures).toBe(2);
    expect(log.lines).toEqual([
      expect.stringMatching(/^error An observer of "frontend" failed/),
      expect.stringMatching(/^error An observer of "frontend" failed/),
    ]);
  });

  it('cannot change what others are told', () => {
    const { registry, client } = setUp();
    registry.observe({
      event: (event) => {
        (event as { type: string }).type = 'changed';
      },
    });
    const { events } = witness(registry);
    registry.connect(client);
    expect(events.map(({ type }) => type)).toEqual(['connected']);
    expect(registry.counters.failures).toBe(1);
  });

  it('is called as a method of its own', () => {
    const { registry, client } = setUp();
    class Watching implements RegistryObserver {
      readonly seen: string[] = [];
      event({ type }: RegistryEvent): void {
        this.seen.push(type);
      }
    }
    const watching = new Watching();
    registry.observe(watching);
    const stop = registry.observe(watching);
    registry.connect(client as Client);
    expect(watching.seen).toEqual(['connected', 'connected']);
    stop();
    registry.disconnect(client as Client);
    expect(watching.seen).toHaveLength(3);
  });
});
