import { RESERVED_SERVICE } from '../protocol/features.js';
import { Complaints } from './complaints.js';
import type { Close, SocketClass } from './connection/connection.js';
import type {
  ConnectionSnapshot,
  ConnectionState,
} from './connection/connection-state.js';
import type {
  ConnectorHost,
  Features,
  PromiseClass,
} from './connector-host.js';
import { connectorError, type ConnectorError } from './errors.js';
import { packetOf } from './connection/incoming.js';
import { Link, type Address } from './connection/link.js';
import { Hello } from './calls/hello.js';
import { OutgoingQueue, type Outgoing } from './connection/outgoing.js';
import type { Service } from './service.js';
import type { ServiceClasses, ServicesOf } from './services-of.js';
import { Signal } from './signal.js';
import { SnapshotSource } from './snapshots.js';
import type { SnorkyOptions } from './snorky-options.js';

/**
 * A connection to a Snorky server, with a connector for each service. It
 * connects at once, and comes back whenever the connection is lost.
 *
 * Services can be used at any time: calls and messages without a connection
 * wait for one.
 *
 * @example
 * const snorky = new Snorky(WebSocket, 'wss://example.com/ws', {
 *   calculator: rpc<CalculatorApi>(),
 *   pubsub: PubSub,
 * });
 * const sum = await snorky.services.calculator.sum({ number1: 2, number2: 3 });
 */
export class Snorky<Classes extends ServiceClasses = ServiceClasses>
  extends SnapshotSource<ConnectionSnapshot>
  // It also implements `LinkOwner`, whose members the published types leave
  // out.
  implements ConnectorHost
{
  /** The class of the promises that calls return. It can be replaced. */
  static Promise: PromiseClass = Promise;
  /** The class of all signals of connectors. It can be replaced. */
  static Signal: typeof Signal = Signal;

  /** The connectors, by the name of their service. */
  readonly services: ServicesOf<Classes>;
  readonly debug: boolean;
  readonly timeout: number;
  /** Dispatched when a connection has been made, after a loss too. */
  readonly connected: Signal<[]>;
  /** Dispatched when a connection has ended, for whatever reason. */
  readonly disconnected: Signal<[Close | undefined]>;
  /** Dispatched with every change of `state`. */
  readonly stateChanged: Signal<[ConnectionState, Close | undefined]>;
  /** @internal */
  readonly $features: Features;
  readonly #byName = new Map<string, Service>();
  readonly #queue: OutgoingQueue;
  readonly #complaints = new Complaints();
  readonly #link: Link;
  #previous: ConnectionState = 'idle';
  /** How the last connection, or attempt, has ended. */
  #close: Close | undefined;
  /** The change that is being reported, and those to be reported after it. */
  readonly #changes: [ConnectionState, Close | undefined][] = [];

  /**
   * @param socketClass The class itself: `WebSocket`, or in Node that of the
   *   package `ws`.
   * @param address The URL, or a function that gives one for each attempt.
   * @param services The connector class of each service that is used.
   */
  constructor(
    readonly socketClass: SocketClass,
    readonly address: Address,
    services: Classes = {} as Classes,
    options: SnorkyOptions = {},
  ) {
    const changed = new Snorky.Signal<[ConnectionState, Close | undefined]>();
    super(changed);
    this.stateChanged = changed;
    this.debug = options.debug ?? false;
    this.timeout = options.timeout ?? 30_000;
    this.connected = new this.Signal();
    this.disconnected = new this.Signal();
    this.#queue = new OutgoingQueue(options.queue);
    this.#link = new Link(this, options);
    const hello = new Hello(RESERVED_SERVICE, this);
    this.$features = hello;
    // Comes first, because `hello` has to be a connection's first message. If
    // the page has a service of this name, its server does not know the
    // negotiation.
    this.#byName.set(RESERVED_SERVICE, hello);
    this.services = Object.fromEntries(
      Object.entries(services).map(([name, ServiceClass]) => {
        const connector = new ServiceClass(name, this);
        this.#byName.set(name, connector);
        return [name, connector];
      }),
    ) as ServicesOf<Classes>;
    if (options.connect ?? true) this.connect();
  }

  get Promise(): PromiseClass {
    return Snorky.Promise;
  }

  get Signal(): typeof Signal {
    return Snorky.Signal;
  }

  /** The state of the connection. */
  get state(): ConnectionState {
    return this.#link.state;
  }

  get isConnected(): boolean {
    return this.state === 'connected';
  }

  get isConnecting(): boolean {
    return this.state === 'connecting';
  }

  /** When the next attempt is due, in milliseconds since 1970. */
  get retryAt(): number | undefined {
    return this.#link.retryAt;
  }

  /** @internal */
  $show(): ConnectionSnapshot {
    const { state, retryAt } = this;
    return { state, retryAt, close: this.#close };
  }

  /**
   * Connects now: before the next attempt is due, or again after a stop. Does
   * nothing while it connects, or is connected.
   */
  connect(): void {
    this.#link.connect();
  }

  /**
   * Closes the connection and does not come back. Calls without an answer are
   * rejected. It may be called at any time, and again.
   */
  disconnect(): void {
    this.#link.disconnect();
  }

  /** Prints to the console if the option `debug` is on. */
  logDebug(...message: unknown[]): void {
    if (this.debug) console.debug(...message);
  }

  /** @internal */
  $send(outgoing: Outgoing): void {
    if (this.state === 'stopped') throw this.#lossError();
    if (this.#link.send(outgoing.text)) outgoing.sent = true;
    else this.#queue.add(outgoing);
  }

  /** @internal */
  $withdraw(outgoing: Outgoing): void {
    this.#queue.withdraw(outgoing);
  }

  /** @internal */
  $complain(kind: string, ...message: unknown[]): void {
    this.#complaints.print(kind, ...message);
  }

  /** @internal Asks the server for a sign of life, if any service can. */
  $ask(): boolean {
    return this.#some((service) => service.$ask());
  }

  /** @internal Whether the server has a reason to be silent. */
  $isBusy(): boolean {
    return this.#some((service) => service.$isBusy());
  }

  /**
   * @internal Listeners may cause the next change. All of them hear of this one
   * first.
   */
  $changed(state: ConnectionState, close: Close | undefined): void {
    const changes = this.#changes;
    this.#close = state === 'connected' ? undefined : (close ?? this.#close);
    if (changes.push([state, close]) > 1) return;
    for (let next; (next = changes[0]); changes.shift()) {
      this.#tell(...next);
    }
  }

  #tell(state: ConnectionState, close: Close | undefined): void {
    const wasConnected = this.#previous === 'connected';
    this.#previous = state;
    this.logDebug(`Snorky: ${state}`, close ?? '');
    if (state === 'connected') this.#resume();
    else if (state !== 'connecting') this.#tellLoss(state !== 'waiting');
    this.stateChanged.dispatch(state, close);
    if (wasConnected) this.disconnected.dispatch(close);
    // Not if the connection has gone again.
    if (state === 'connected' && this.isConnected) this.connected.dispatch();
  }

  /**
   * Subscriptions come first, because messages that wait may depend on them.
   */
  #resume(): void {
    for (const service of this.#byName.values()) {
      if (this.isConnected) service.$connected();
    }
    this.#queue.flush((outgoing) => {
      outgoing.sent = this.#link.send(outgoing.text);
      return outgoing.sent;
    });
  }

  #tellLoss(final: boolean): void {
    const error = this.#lossError();
    for (const service of this.#byName.values()) service.$lost(error, final);
    if (final) this.#queue.clear();
  }

  #lossError(): ConnectorError {
    if (this.state === 'stopped') {
      return connectorError('SNORKY_STOPPED', this.#link.objection ?? '');
    }
    return connectorError(
      this.state === 'idle' ? 'SNORKY_DISCONNECTED' : 'SNORKY_CONNECTION_LOST',
    );
  }

  /** @internal */
  $received(data: unknown): void {
    const packet = packetOf(data);
    if (!packet) {
      this.$complain('not a message', data);
      return;
    }
    const service = this.#byName.get(packet.service);
    if (!service) {
      this.logDebug('Snorky: no connector for', data);
      return;
    }
    try {
      service.$receive(packet.message);
    } catch (error) {
      // A connector of the page's own that fails does not affect the others.
      this.$complain(`The connector of "${service.name}" failed`, error);
    }
  }

  #some(holds: (service: Service) => boolean): boolean {
    return [...this.#byName.values()].some(holds);
  }
}
