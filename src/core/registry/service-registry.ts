import type {
  IncomingEnvelope,
  MessageFault,
} from '../../protocol/envelope.js';
import { RESERVED_SERVICE } from '../../protocol/features.js';
import type { JsonValue } from '../../protocol/json.js';
import type { MaybePromise } from '../../protocol/maybe-promise.js';
import type { IdentityInput } from '../../protocol/snorky-types.js';
import type { Client } from '../clients/client.js';
import { ConnectedClients } from './connected-clients.js';
import { Counters } from '../observation/counters.js';
import { Observers, type RegistryObserver } from '../observation/observers.js';
import { discard } from './discards.js';
import { Dispatcher } from './dispatcher.js';
import { Everywhere, type EveryNode } from '../everywhere/everywhere.js';
import type { Lane } from '../clients/lane.js';
import {
  RateLimitedLog,
  type Detail,
  type LogOptions,
  type LogSink,
} from '../log/log.js';
import { Negotiation } from './negotiation.js';
import { whenReady } from '../promise-like.js';
import { RunningCommands } from './running-commands.js';
import type { Failure } from '../observation/failure.js';
import type { Service, ServiceHost } from '../service.js';

const SILENT: LogSink = { warn() {}, error() {} };

/**
 * A set of named services and the clients that talk to them. Registries know
 * nothing of each other: a service of one is unknown in the others.
 */
export class ServiceRegistry implements ServiceHost {
  readonly counters: Counters;
  readonly log: RateLimitedLog;
  /** @internal */
  readonly observers: Observers = new Observers((error) => {
    this.failed({ reason: 'observer' }, error, () => {
      return `An observer of "${this.name}" failed`;
    });
  });

  /** @internal Public as `EveryNode`. */
  readonly $everywhere: Everywhere = new Everywhere(this);

  private readonly byName = new Map<string, Service>();
  private readonly negotiation = new Negotiation();
  private readonly dispatcher = new Dispatcher(this);
  private readonly connected: ConnectedClients;
  private readonly running = new RunningCommands();

  /**
   * @param name Shown in log lines and error messages.
   * @param sink Where log lines go; they are rate-limited. Nowhere by default.
   * @param log What the log shows, and how many lines it writes.
   * @throws TypeError when an option of the log makes no sense.
   */
  constructor(
    readonly name: string = 'registry',
    sink: LogSink = SILENT,
    log: LogOptions = {},
  ) {
    this.counters = new Counters(name);
    this.log = new RateLimitedLog(sink, log);
    this.connected = new ConnectedClients(this.byName, this);
    this.negotiation.$attach(this, RESERVED_SERVICE);
  }

  /**
   * Makes a service reachable.
   *
   * @throws Error when the name is taken or reserved, or the instance is
   *   registered already.
   */
  register(name: string, service: Service): void {
    if (name === RESERVED_SERVICE) {
      throw new Error(
        `"${name}" is the name under which registries are reached themselves. ` +
          'Give the service another one.',
      );
    }
    if (this.byName.has(name)) {
      throw new Error(
        `Registry "${this.name}" has a service "${name}" already. Give one of ` +
          'the two another name.',
      );
    }
    service.$attach(this, name);
    this.byName.set(name, service);
  }

  /** The service of that name; undefined if there is none. */
  service(name: string): Service | undefined {
    return this.byName.get(name);
  }

  /**
   * Who takes the messages under a name: a service, or the registry itself.
   *
   * @internal
   */
  receiver(name: JsonValue): Service | undefined {
    if (typeof name !== 'string') return undefined;
    const service = this.byName.get(name);
    return service === undefined && name === RESERVED_SERVICE
      ? this.negotiation
      : service;
  }

  /** The names of all services, in the order of their registration. */
  serviceNames(): string[] {
    return [...this.byName.keys()];
  }

  /** All clients connected to this node. */
  clients(): ReadonlySet<Client> {
    return this.connected.all;
  }

  /**
   * What can be done to clients on all nodes that share this application's
   * broker.
   */
  get everywhere(): EveryNode {
    return this.$everywhere;
  }

  /**
   * The clients of an identity that are connected to **this node**. To close
   * those of all nodes, call `everywhere.close()`.
   *
   * The identity becomes JSON as those of clients do. So it finds every client
   * that was given the same value, for example an `ObjectId`. No client is
   * listed under null.
   *
   * @throws NotJsonError when JSON cannot express the identity: no client can
   *   have it, and a caller who wants to log them all out should know.
   *
   * @example
   * const isOnline = registry.clientsOf(userId).size > 0;   // here
   */
  clientsOf(identity: IdentityInput): ReadonlySet<Client> {
    return this.connected.of(identity);
  }

  /**
   * Lets a client in: tells every service, in registration order. Messages of
   * the client wait until all hooks have settled.
   */
  connect(client: Client): void {
    this.connected.add(client);
  }

  /** Tells every service that a client has gone. */
  disconnect(client: Client): void {
    this.connected.delete(client);
  }

  /**
   * Observes the registry: calls with their duration and outcome, and clients
   * that come and go. Costs nothing while there are no observers.
   *
   * @returns A function that ends it.
   *
   * @example
   * registry.observe({
   *   command: ({ service, command = '?', duration, outcome }) =>
   *     histogram.observe({ service, command, outcome }, duration / 1000),
   * });
   */
  observe(observer: RegistryObserver): () => void {
    return this.observers.add(observer);
  }

  /** Takes one incoming text of a connected client. */
  dispatch(client: Client, text: string): void {
    this.dispatcher.dispatch(client, text);
  }

  /**
   * Hands an envelope to its service, now.
   *
   * @param size Characters of the text that it came in.
   */
  process(client: Client, envelope: IncomingEnvelope, size: number): void {
    this.dispatcher.process(client, envelope, size);
  }

  /** @internal The lane that keeps a client's messages in order. */
  laneOf(client: Client): Lane {
    return this.dispatcher.laneOf(client);
  }

  /** @internal Drops a message, with a line in the log and no answer. */
  discard(
    client: Client,
    fault: MessageFault,
    what: unknown,
    size: number,
  ): void {
    discard(this, client, fault, what, size);
  }

  /** @internal Counts and logs an unexpected failure that was isolated. */
  failed(
    { reason, service, what }: Failure,
    error: unknown,
    line: () => string,
    detail?: Detail,
  ): void {
    const labels = service === undefined ? { reason } : { reason, service };
    this.counters.add('failures', labels);
    const kind = `${reason}:${service ?? ''}:${what ?? ''}`;
    this.log.error(kind, line, error, detail);
  }

  /** @internal */
  takeBack(identity: JsonValue): MaybePromise<void> {
    let done: MaybePromise<void> = undefined;
    for (const service of this.byName.values()) {
      if (service.$takeBack === undefined) continue;
      done = whenReady(done, () => service.$takeBack?.(identity));
    }
    return done;
  }

  /** @internal A command's promise is under way. */
  commandStarted(): void {
    this.running.started();
  }

  /** @internal */
  commandEnded(): void {
    this.running.ended();
  }

  /**
   * Waits until no command is running, for at most `limit` milliseconds.
   * Commands declared `async` do not count: they may never end.
   */
  idle(limit: number): Promise<void> {
    return this.running.idle(limit);
  }
}
