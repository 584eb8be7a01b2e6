import type { JsonValue } from 'snorky/client';
import { ScriptedServer, type ScriptedConnection } from './scripted-server.js';

/** A connection, as a service sees it. */
export interface Peer {
  readonly identity: JsonValue;
  notify(message: unknown): void;
}

/** What a command signals as its error. */
export class Refusal extends Error {}

type Params = Readonly<Record<string, JsonValue>>;

/** A command: the names of its parameters, and what it does. */
export type Command = readonly [
  names: readonly string[],
  run: (peer: Peer, params: Params) => unknown,
];

/** A service that keeps to the wire, in one process, in memory. */
export interface ScriptedService {
  readonly commands: Readonly<Record<string, Command>>;
  /** A connection has ended. */
  gone(peer: Peer): void;
}

/** The text under which a value is known, whatever the order of its keys. */
export function keyOf(value: JsonValue): string {
  return JSON.stringify(value, (_key, part: JsonValue) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort())
      : part,
  );
}

/** A server with one such service. Whoever connects to `/?as=alice` is "alice". */
export class ServiceServer implements AsyncDisposable {
  private readonly connections = new Map<Peer, ScriptedConnection>();

  private constructor(
    private readonly server: ScriptedServer,
    private readonly name: string,
    private readonly service: ScriptedService,
  ) {
    void this.accept();
  }

  static async start(
    name: string,
    service: ScriptedService,
  ): Promise<ServiceServer> {
    return new ServiceServer(await ScriptedServer.start(), name, service);
  }

  /** Where to connect as somebody, or as nobody. */
  url(identity?: string): string {
    const query = identity === undefined ? '' : `?as=${identity}`;
    return `${this.server.url}${query}`;
  }

  /** Drops the connections of somebody. Services know it at once. */
  cut(identity: string): void {
    for (const [peer, connection] of [...this.connections]) {
      if (peer.identity === identity) {
        connection.cut();
        this.end(peer);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
  }

  private async accept(): Promise<never> {
    for (;;) {
      const connection = await this.server.connection();
      const { searchParams } = new URL(connection.url, this.server.url);
      void this.serve(connection, searchParams.get('as'));
    }
  }

  private async serve(
    connection: ScriptedConnection,
    identity: string | null,
  ): Promise<never> {
    const peer: Peer = {
      identity,
      notify: (message) => connection.send(this.name, message),
    };
    this.connections.set(peer, connection);
    void connection.closed.then(() => this.end(peer));
    for (;;) {
      const call = await connection.next();
      if (!this.connections.has(peer)) continue;
      try {
        const { command, params } = call.message;
        const [names, run] = this.service.commands[command] ?? [];
        if (names === undefined) throw new Refusal('Unknown command');
        const given = Object.keys(params).sort();
        if (given.join() !== [...names].sort().join()) {
          throw new Refusal('Invalid params');
        }
        connection.answer(call, run?.(peer, params as Params) ?? null);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        connection.refuse(call, error.message);
      }
    }
  }

  private end(peer: Peer): void {
    if (this.connections.delete(peer)) this.service.gone(peer);
  }
}
