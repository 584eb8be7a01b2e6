import { describe, expect, it } from '@jest/globals';
import type { Client } from '../../../src/core/clients/client.js';
import { Service } from '../../../src/core/service.js';
import { ServiceRegistry } from '../../../src/core/registry/service-registry.js';
import type { JsonValue } from '../../../src/protocol/json.js';
import { deferred } from '../../support/waiting/deferred.js';
import { HOSTILE_VALUES } from '../../support/hostile/values.js';
import { LocalClient, LogLines } from '../../support/servers/local-client.js';

class Echo extends Service {
  processMessageFrom(client: Client, message: JsonValue): void {
    this.sendMessageTo(client, message);
  }
}

function setUp(
  services: Readonly<Record<string, Service>> = { echo: new Echo() },
): {
  registry: ServiceRegistry;
  client: LocalClient;
  log: LogLines;
} {
  const log = new LogLines();
  const registry = new ServiceRegistry('frontend', log);
  for (const [name, service] of Object.entries(services)) {
    registry.register(name, service);
  }
  return { registry, client: new LocalClient(), log };
}

describe('A registry', () => {
  it('refuses a second service of a name', () => {
    const { registry } = setUp();
    expect(() => registry.register('echo', new Echo())).toThrow(
      'Registry "frontend" has a service "echo" already. Give one of the two another name.',
    );
  });

  it('refuses one instance under two names', () => {
    const echo = new Echo();
    const { registry } = setUp({ echo });
    expect(() => registry.register('other', echo)).toThrow(
      'One Echo cannot be two services: it is "echo" already. Register another instance as "other".',
    );
    expect(registry.serviceNames()).toEqual(['echo']);
  });

  it('knows its services', () => {
    const echo = new Echo();
    const { registry } = setUp({ echo, again: new Echo() });
    expect(registry.serviceNames()).toEqual(['echo', 'again']);
    expect(registry.service('echo')).toBe(echo);
    expect(registry.service('constructor')).toBeUndefined();
    expect([echo.name, echo.registry]).toEqual(['echo', registry]);
  });

  it('tells a service that asks too early when it may', () => {
    const sentence =
      'Echo is not registered yet: use its name and registry from ' +
      'onApplicationBootstrap on, not in the constructor.';
    expect(() => new Echo().registry).toThrow(sentence);
    expect(() => new Echo().name).toThrow(sentence);
  });

  it.each<JsonValue>([
    'Echo',
    '',
    'constructor',
    '__proto__',
    'toString',
    7,
    null,
    ['echo'],
    { echo: 1 },
  ])('discards a message to service %j, with a line and no answer', (name) => {
    const { registry, client, log } = setUp();
    registry.connect(client);
    client.tell(registry, name, 1);
    expect(client.texts).toEqual([]);
    expect(client.faults).toEqual(['unknownService']);
    expect(log.lines).toHaveLength(1);
    expect(log.lines[0]).toContain('There is no such service');
    expect(registry.counters).toMatchObject({ received: 1, discarded: 1 });
  });

  it.each([
    [
      'no JSON',
      'invalidJson',
      'is not valid JSON',
      '7 characters, nothing first that JSON begins with',
    ],
    ['{a', 'invalidJson', 'is not valid JSON', '2 characters, "{" first'],
    [
      '\n',
      'invalidJson',
      'is not valid JSON',
      '1 character, nothing but space',
    ],
    ['[]', 'notAnEnvelope', 'not an object with "service" and "message"', '[]'],
    [
      `[${'"a",'.repeat(1e5)}0]`,
      'notAnEnvelope',
      'not an object with "service" and "message"',
      '400003 characters',
    ],
  ])('discards what is wrong, case %#', (text, fault, line, detail) => {
    const { registry, client, log } = setUp();
    registry.dispatch(client, text);
    expect(client.faults).toEqual([fault]);
    expect(log.lines[0]).toContain(line);
    expect(log.lines[0]).toContain('to "frontend" from 192.0.2.1');
    expect(log.details).toEqual([`Discarded: ${detail}`]);
  });

  it('isolates and logs a service that fails, now or later', async () => {
    class Broken extends Service {
      processMessageFrom(_client: Client, message: JsonValue): Promise<void> {
        if (message === 'now') throw new Error('now');
        return Promise.reject(new Error('later'));
      }
    }
    const { registry, client, log } = setUp({
      broken: new Broken(),
      echo: new Echo(),
    });
    client.tell(registry, 'broken', 'now');
    client.tell(registry, 'broken', 'later');
    client.tell(registry, 'echo', 'still here');
    await Promise.resolve();
    await Promise.resolve();
    expect(client.messages).toEqual(['still here']);
    expect(client.faults).toEqual(['failed', 'failed']);
    expect(log.stacks.map((stack) => stack?.split('\n')[0])).toEqual([
      'Error: now',
      'Error: later',
    ]);
    expect(registry.counters.failures).toBe(2);
  });
});

describe('The clients of a registry', () => {
  it('are found by identity, however it changes', () => {
    const { registry } = setUp();
    const [first, second] = [new LocalClient(), new LocalClient()];
    first.identity = { id: 1, name: 'Ann' };
    registry.connect(first);
    registry.connect(second);
    const found = (identity: JsonValue): Client[] => [
      ...registry.clientsOf(identity),
    ];
    expect([...registry.clients()]).toEqual([first, second]);
    expect(found({ name: 'Ann', id: 1 })).toEqual([first]);
    second.identity = { name: 'Ann', id: 1 };
    expect(found({ id: 1, name: 'Ann' })).toEqual([first, second]);
    first.identity = 0;
    expect(found({ id: 1, name: 'Ann' })).toEqual([second]);
    expect(found(0)).toEqual([first]);
    expect(found(false)).toEqual([]);
    first.identity = null;
    expect(found(0)).toEqual([]);
    expect(found(null)).toEqual([]);
    registry.disconnect(second);
    expect(found({ id: 1, name: 'Ann' })).toEqual([]);
    expect([...registry.clients()]).toEqual([first]);
  });

  it('are counted, each once', () => {
    const { registry, client } = setUp();
    registry.connect(client);
    registry.connect(new LocalClient());
    registry.disconnect(client);
    registry.disconnect(client);
    expect(registry.counters).toMatchObject({ connections: 1, accepted: 2 });
  });

  it('have ids of their own, and notes', () => {
    const [one, two] = [new LocalClient(), new LocalClient()];
    expect(one.id).not.toBe(two.id);
    one.data['locale'] = 'de';
    expect([one.data, two.data]).toEqual([{ locale: 'de' }, {}]);
  });
});

describe('The hooks of services', () => {
  class Witness extends Service {
    constructor(
      private readonly id: string,
      private readonly seen: string[],
      private readonly act: (hook: string) => void | Promise<void> = () => {},
    ) {
      super();
    }
    processMessageFrom(client: Client, message: JsonValue): void {
      this.sendMessageTo(client, message);
    }
    override onClientConnected(client: Client): void | Promise<void> {
      this.seen.push(`${this.id} + ${String(client.identity)}`);
      return this.act('connected');
    }
    override onClientDisconnected(client: Client): void | Promise<void> {
      this.seen.push(`${this.id} - ${String(client.identity)}`);
      return this.act('disconnected');
    }
  }

  it('run in the order of registration, with the identity', () => {
    const seen: string[] = [];
    const { registry, client } = setUp({
      a: new Witness('a', seen),
      b: new Witness('b', seen),
    });
    client.identity = 'ann';
    registry.connect(client);
    registry.disconnect(client);
    expect(seen).toEqual(['a + ann', 'b + ann', 'a - ann', 'b - ann']);
  });

  it('find the identity index without the one who has gone', () => {
    const seen: string[] = [];
    let left = -1;
    const { registry, client } = setUp({
      a: new Witness('a', seen, (hook) => {
        if (hook === 'disconnected') left = registry.clientsOf('ann').size;
      }),
    });
    client.identity = 'ann';
    registry.connect(client);
    registry.disconnect(client);
    expect(left).toBe(0);
    expect(registry.clients().size).toBe(0);
  });

  it('that never settle hold up their own service alone', () => {
    const seen: string[] = [];
    const { registry, client } = setUp({
      hangs: new Witness('hangs', seen, () => new Promise<void>(() => {})),
      sound: new Witness('sound', seen),
    });
    client.identity = 'ann';
    registry.connect(client);
    registry.disconnect(client);
    expect(seen).toEqual(['hangs + ann', 'sound + ann', 'sound - ann']);
    expect(registry.clientsOf('ann').size).toBe(0);
  });

  it('that fail keep no other service from its own', async () => {
    const seen: string[] = [];
    const { registry, client, log } = setUp({
      throws: new Witness('throws', seen, () => {
        throw new Error('at once');
      }),
      rejects: new Witness('rejects', seen, () =>
        Promise.reject(new Error('later')),
      ),
      sound: new Witness('sound', seen),
    });
    registry.connect(client);
    expect(seen).toHaveLength(3);
    const answered = client.lane?.busy;
    client.tell(registry, 'sound', 'hello');
    await new Promise(setImmediate);
    expect(answered).toBe(true);
    expect(client.messages).toEqual(['hello']);
    registry.disconnect(client);
    await new Promise(setImmediate);
    expect(seen.slice(3)).toEqual([
      'throws - null',
      'rejects - null',
      'sound - null',
    ]);
    expect(log.lines).toEqual(
      expect.arrayContaining([
        'error onClientConnected of service "throws" failed',
        'error onClientConnected of service "rejects" failed',
        'error onClientDisconnected of service "throws" failed',
        'error onClientDisconnected of service "rejects" failed',
      ]),
    );
  });

  it('hold messages back until all have settled', async () => {
    const gates = [deferred(), deferred()] as const;
    const { registry, client } = setUp({
      a: new Witness('a', [], (hook) =>
        hook === 'connected' ? gates[0].promise : undefined,
      ),
      b: new Witness('b', [], (hook) =>
        hook === 'connected' ? gates[1].promise : undefined,
      ),
    });
    registry.connect(client);
    client.tell(registry, 'a', 1);
    client.tell(registry, 'b', 2);
    gates[1].resolve();
    await new Promise(setImmediate);
    expect(client.messages).toEqual([]);
    expect(client.pending).toBe(2);
    gates[0].resolve();
    await new Promise(setImmediate);
    expect(client.messages).toEqual([1, 2]);
    expect(client.pending).toBe(0);
  });

  it('hear of the end only after the start has finished', async () => {
    const gate = deferred();
    const seen: string[] = [];
    const { registry, client } = setUp({
      a: new Witness('a', seen, async (hook) => {
        if (hook !== 'connected') return;
        await gate.promise;
        seen.push('a is ready');
      }),
    });
    registry.connect(client);
    client.tell(registry, 'a', 'never handled');
    registry.disconnect(client);
    expect(registry.clients().size).toBe(0);
    expect(seen).toEqual(['a + null']);
    gate.resolve();
    await new Promise(setImmediate);
    expect(seen).toEqual(['a + null', 'a is ready', 'a - null']);
    expect(client.messages).toEqual([]);
  });
});

describe('A notification', () => {
  it('reaches the others when one recipient fails', () => {
    const echo = new Echo();
    const { log } = setUp({ echo });
    class Deaf extends LocalClient {
      override deliver(): void {
        throw new Error('gone');
      }
    }
    const clients = [new LocalClient(), new Deaf(), new LocalClient()];
    echo.notify(clients, { type: 'news' });
    expect(clients.map(({ messages }) => messages)).toEqual([
      [{ type: 'news' }],
      [],
      [{ type: 'news' }],
    ]);
    expect(log.lines).toEqual([
      'error Could not deliver a message of service "echo"',
    ]);
  });

  it("that JSON cannot express is the sender's error", () => {
    const echo = new Echo();
    setUp({ echo });
    const message = { at: 1n } as unknown as JsonValue;
    expect(() => echo.notify([], message)).toThrow(TypeError);
    expect(() => echo.sendMessageTo(new LocalClient(), message)).toThrow(
      TypeError,
    );
  });
});

describe('Waiting for commands', () => {
  it('ends when the last one has, or after the limit', async () => {
    const { registry } = setUp();
    await registry.idle(0);
    registry.commandStarted();
    registry.commandStarted();
    let idle = false;
    const waiting = registry.idle(60_000).then(() => (idle = true));
    registry.commandEnded();
    await new Promise(setImmediate);
    expect(idle).toBe(false);
    registry.commandEnded();
    await waiting;
    registry.commandStarted();
    await registry.idle(1);
  });
});

describe('The identity of a client', () => {
  it('is a copy: what is changed in place changes nothing', () => {
    const { registry } = setUp();
    const client = new LocalClient();
    registry.connect(client);
    const user = { id: 1, roles: ['reader'] };
    client.identity = user;
    user.roles.push('admin');
    user.id = 2;
    expect(client.identity).toEqual({ id: 1, roles: ['reader'] });
    expect(registry.clientsOf({ id: 1, roles: ['reader'] }).size).toBe(1);
    expect(() => {
      (client.identity as { id: number }).id = 3;
    }).toThrow(TypeError);
    registry.disconnect(client);
    expect(registry.clientsOf({ id: 1, roles: ['reader'] }).size).toBe(0);
    expect(registry.clientsOf({ id: 2, roles: ['reader', 'admin'] }).size).toBe(
      0,
    );
  });

  it('stays what it was when JSON cannot express another', () => {
    const { registry } = setUp();
    const client = new LocalClient();
    registry.connect(client);
    client.identity = 'ann';
    expect(() => {
      client.identity = { id: 1n } as unknown as JsonValue;
    }).toThrow(
      'JSON cannot express identity.id: it is a bigint. Give its text: String(value).',
    );
    expect(client.identity).toBe('ann');
    expect([...registry.clientsOf('ann')]).toEqual([client]);
    registry.disconnect(client);
    expect(registry.clientsOf('ann').size).toBe(0);
  });

  it('keeps people apart whose ids are instances', () => {
    const { registry } = setUp();
    class ObjectId {
      readonly #hex: string;

      constructor(hex: string) {
        this.#hex = hex;
      }

      toJSON(): string {
        return this.#hex;
      }
    }
    const [ann, bob] = [new LocalClient(), new LocalClient()];
    for (const [client, hex] of [
      [ann, 'a1'],
      [bob, 'b2'],
    ] as const) {
      registry.connect(client);
      client.identity = new ObjectId(hex) as unknown as JsonValue;
    }
    expect(ann.identity).toBe('a1');
    const asked = new ObjectId('a1') as unknown as JsonValue;
    expect([...registry.clientsOf(asked)]).toEqual([ann]);
    expect(() => {
      ann.identity = new (class Opaque {})() as unknown as JsonValue;
    }).toThrow('it is a Opaque without members of its own');
  });

  it('that JSON cannot express is nobody to be found, and that is said', () => {
    const { registry } = setUp();
    expect(() => registry.clientsOf(1n as unknown as JsonValue)).toThrow(
      'JSON cannot express identity',
    );
    expect(registry.clientsOf(undefined as unknown as JsonValue).size).toBe(0);
  });

  it('leaves nothing in the index, whatever was assigned', () => {
    const { registry } = setUp();
    const clients = Object.values(HOSTILE_VALUES).map((make) => {
      const client = new LocalClient();
      registry.connect(client);
      client.identity = 'before';
      try {
        client.identity = make() as JsonValue;
      } catch {
        expect(client.identity).toBe('before');
      }
      return client;
    });
    const identities = clients.map(({ identity }) => identity);
    for (const client of clients) registry.disconnect(client);
    for (const identity of identities) {
      expect(registry.clientsOf(identity).size).toBe(0);
    }
  });
});
