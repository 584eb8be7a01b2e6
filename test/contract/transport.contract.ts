import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Service,
  type Client,
  type JsonValue,
  type ServiceRegistry,
} from '../../src/index.js';
import { deferred } from '../support/waiting/deferred.js';

/** A client's end of a connection. */
export interface Peer {
  /** Sends a text as it is. */
  text(text: string): void;
  /** The next message; rejects when the connection ends before. */
  next(): Promise<unknown>;
  /** Messages that arrived and were not asked for. */
  readonly unread: readonly unknown[];
  readonly closed: Promise<{ code: number; reason: string }>;
  /** Goes away, in its own time. */
  leave(): void;
}

/** A registry, and a way to it. */
export interface TransportUnderTest {
  readonly registry: ServiceRegistry;
  connect(): Promise<Peer>;
  stop(): Promise<void>;
}

/** What a transport does in ways of its own. */
export interface TransportTraits {
  /** The first and the second service of its registry, called `a` and `b`. */
  start(services: { a: Probe; b: Probe }): Promise<TransportUnderTest>;
}

/** Does what a test tells it, and notes what happens. */
export class Probe extends Service {
  readonly events: string[] = [];
  readonly clients: Client[] = [];
  /** What connecting waits for. */
  gate: Promise<void> | undefined;
  onMessage: (client: Client, message: JsonValue) => void | Promise<void> = (
    client,
    message,
  ) => this.sendMessageTo(client, message);
  private told: (() => void)[] = [];

  constructor(
    private readonly label: string,
    private readonly log: string[],
  ) {
    super();
  }

  override async onClientConnected(client: Client): Promise<void> {
    this.note('connected');
    this.clients.push(client);
    if (this.gate !== undefined) await this.gate;
  }

  override onClientDisconnected(): void {
    this.note('disconnected');
  }

  processMessageFrom(client: Client, message: JsonValue): void | Promise<void> {
    this.note(JSON.stringify(message));
    return this.onMessage(client, message);
  }

  /** Settles when something has happened so many times. */
  async until(event: string, times = 1): Promise<void> {
    while (this.events.filter((one) => one === event).length < times) {
      await new Promise<void>((resolve) => this.told.push(resolve));
    }
    // Hooks are told one after another; the last of them is not ours.
    await Promise.resolve();
  }

  private note(event: string): void {
    this.events.push(event);
    this.log.push(`${this.label} ${event}`);
    for (const tell of this.told.splice(0)) tell();
  }
}

/** What services may rely on, however their clients are connected. */
export function transportContract(
  name: string,
  { start }: TransportTraits,
): void {
  describe(name, () => {
    let a: Probe;
    let b: Probe;
    let log: string[];
    let transport: TransportUnderTest;
    let peers: Peer[];

    beforeEach(async () => {
      log = [];
      a = new Probe('a', log);
      b = new Probe('b', log);
      peers = [];
      transport = await start({ a, b });
    });

    afterEach(async () => {
      for (const peer of peers) peer.leave();
      await transport.stop();
    });

    async function connect(): Promise<Peer> {
      const peer = await transport.connect();
      peers.push(peer);
      return peer;
    }

    const say = (peer: Peer, service: string, message: unknown): void =>
      peer.text(JSON.stringify({ service, message }));

    async function connected(): Promise<{ peer: Peer; client: Client }> {
      const before = a.clients.length;
      const peer = await connect();
      await a.until('connected', before + 1);
      return { peer, client: a.clients[before] as Client };
    }

    it('tells every service, in order, who comes and who goes', async () => {
      const { peer, client } = await connected();
      expect([...transport.registry.clients()]).toEqual([client]);
      expect(client.connected).toBe(true);
      peer.leave();
      await b.until('disconnected');
      expect(log).toEqual([
        'a connected',
        'b connected',
        'a disconnected',
        'b disconnected',
      ]);
      expect(transport.registry.clients().size).toBe(0);
      expect(client.connected).toBe(false);
      expect(transport.registry.counters).toMatchObject({
        accepted: 1,
        connections: 0,
      });
    });

    it('carries any JSON in both directions, unchanged', async () => {
      const { peer } = await connected();
      const messages: JsonValue[] = [
        null,
        true,
        0,
        -1.5e300,
        '',
        'ñ 😀 \u2028 </script> \u0000',
        [],
        {},
        [[[{ a: [null] }]]],
        { '': { 'key"': 1 }, constructor: 2 },
        'x'.repeat(300_000),
      ];
      for (const message of messages) say(peer, 'a', message);
      for (const message of messages) {
        expect(await peer.next()).toEqual({ service: 'a', message });
      }
    });

    it('hands messages over in the order in which they were sent', async () => {
      const { peer } = await connected();
      const count = 500;
      for (let i = 0; i < count; i++) say(peer, i % 3 === 0 ? 'b' : 'a', i);
      for (let i = 0; i < count; i++) {
        expect(await peer.next()).toEqual({
          service: i % 3 === 0 ? 'b' : 'a',
          message: i,
        });
      }
    });

    it('lets a sender have its own notification before its answer', async () => {
      a.onMessage = (client, message) => {
        a.notify(transport.registry.clients(), { notified: message });
        a.sendMessageTo(client, { answered: message });
      };
      const one = await connected();
      const two = await connected();
      say(one.peer, 'a', 1);
      expect(await one.peer.next()).toEqual({
        service: 'a',
        message: { notified: 1 },
      });
      expect(await one.peer.next()).toEqual({
        service: 'a',
        message: { answered: 1 },
      });
      expect(await two.peer.next()).toEqual({
        service: 'a',
        message: { notified: 1 },
      });
      expect(two.peer.unread).toEqual([]);
    });

    it('discards in silence what is no message, and goes on', async () => {
      const { peer } = await connected();
      const texts = [
        '',
        ' ',
        '{',
        'NaN',
        '1',
        '[]',
        '{}',
        '{"service":"a"}',
        '{"message":1}',
      ];
      const unknown = ['nobody', '', 'A', '__proto__', 'constructor'];
      for (const text of texts) peer.text(text);
      for (const service of unknown) say(peer, service, 1);
      say(peer, 'a', 'still there');
      expect(await peer.next()).toEqual({
        service: 'a',
        message: 'still there',
      });
      expect(peer.unread).toEqual([]);
      expect(transport.registry.counters.discarded).toBe(
        texts.length + unknown.length,
      );
    });

    it('survives a service that fails', async () => {
      a.onMessage = (_client, message) => {
        if (message === 'throw') throw new Error('on purpose');
        return Promise.reject(new Error('on purpose'));
      };
      const { peer } = await connected();
      say(peer, 'a', 'throw');
      say(peer, 'a', 'reject');
      say(peer, 'b', 'still there');
      expect(await peer.next()).toEqual({
        service: 'b',
        message: 'still there',
      });
      expect(transport.registry.counters.failures).toBe(2);
    });

    it('holds messages back until all connect hooks have settled', async () => {
      const gate = deferred();
      b.gate = gate.promise;
      const { peer } = await connected();
      say(peer, 'a', 1);
      say(peer, 'a', 2);
      const other = ((b.gate = undefined), await connected());
      say(other.peer, 'a', 3);
      expect(await other.peer.next()).toEqual({ service: 'a', message: 3 });
      expect(log.slice(-1)).toEqual(['a 3']);
      gate.resolve();
      expect(await peer.next()).toEqual({ service: 'a', message: 1 });
      expect(await peer.next()).toEqual({ service: 'a', message: 2 });
    });

    it('tells a service who goes only after its connect hook has settled', async () => {
      const gate = deferred();
      a.gate = gate.promise;
      const { peer, client } = await connected();
      say(peer, 'b', 'never handled');
      peer.leave();
      a.gate = undefined;
      const other = await connected();
      say(other.peer, 'b', 'handled');
      await other.peer.next();
      while (client.connected) await new Promise(setImmediate);
      // The other service need not wait for it.
      await b.until('disconnected');
      expect(a.events).not.toContain('disconnected');
      gate.resolve();
      await a.until('disconnected');
      expect(b.events).not.toContain('"never handled"');
    });

    it('finds clients by their identity as it is now', async () => {
      const { registry } = transport;
      const { peer, client } = await connected();
      client.identity = { b: 1, a: [0] };
      expect([...registry.clientsOf({ a: [0], b: 1 })]).toEqual([client]);
      client.identity = 'ann';
      expect(registry.clientsOf({ a: [0], b: 1 }).size).toBe(0);
      peer.leave();
      await b.until('disconnected');
      expect(registry.clientsOf('ann').size).toBe(0);
    });

    it('gives each client an id and room for notes', async () => {
      const { client: one } = await connected();
      const { client: two } = await connected();
      expect(one.id).not.toBe(two.id);
      one.data.note = 1;
      expect([one.data, two.data]).toEqual([{ note: 1 }, {}]);
      expect(one.handshake.headers).toBeDefined();
      expect(one.handshake.url).toMatch(/^\//);
      expect(one.handshake.remoteAddress).toBe('127.0.0.1');
    });

    it('delivers what was sent before the server closed, then the code and the reason', async () => {
      const { peer, client } = await connected();
      for (let i = 0; i < 50; i++) client.send({ service: 'a', message: i });
      client.close(4321, 'Bye ñ');
      expect(client.connected).toBe(false);
      client.send({ service: 'a', message: 'too late' });
      a.notify([client], 'too late');
      client.close(4200, 'again');
      for (let i = 0; i < 50; i++)
        expect(await peer.next()).toEqual({ service: 'a', message: i });
      expect(await peer.closed).toEqual({ code: 4321, reason: 'Bye ñ' });
      await b.until('disconnected');
      expect(peer.unread).toEqual([]);
      expect(a.events).toEqual(['connected', 'disconnected']);
    });

    it('closes with 1000 unless it is told otherwise', async () => {
      const { peer, client } = await connected();
      client.close();
      expect(await peer.closed).toEqual({ code: 1000, reason: '' });
    });

    it('does not take codes that a close frame cannot have', async () => {
      const { peer, client } = await connected();
      for (const code of [0, 999, 1005, 1006, 1015, 2000, 5000, NaN]) {
        expect(() => client.close(code)).toThrow(RangeError);
      }
      say(peer, 'a', 'still there');
      expect(await peer.next()).toEqual({
        service: 'a',
        message: 'still there',
      });
    });

    it('cuts reasons that a close frame cannot hold', async () => {
      const { peer, client } = await connected();
      client.close(4200, 'ñ'.repeat(100));
      expect(await peer.closed).toEqual({
        code: 4200,
        reason: 'ñ'.repeat(61),
      });
    });

    it('lets nobody notice a client that has gone', async () => {
      const gone = await connected();
      const { peer, client } = await connected();
      gone.peer.leave();
      await b.until('disconnected');
      a.notify([gone.client, client], 'to both');
      gone.client.send({ service: 'a', message: 'to nobody' });
      gone.client.close();
      expect(await peer.next()).toEqual({ service: 'a', message: 'to both' });
      expect(transport.registry.counters.failures).toBe(0);
    });

    it('cannot be sent what JSON cannot express', async () => {
      const { peer, client } = await connected();
      expect(() =>
        client.send({ service: 'a', message: 1n as unknown as JsonValue }),
      ).toThrow(TypeError);
      say(peer, 'a', 'still there');
      expect(await peer.next()).toEqual({
        service: 'a',
        message: 'still there',
      });
    });
  });
}
