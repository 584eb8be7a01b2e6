import {
  decodeEnvelope,
  envelopePrefix,
  MessageFault,
  type IncomingEnvelope,
} from '../protocol/envelope.js';
import { WireError } from '../protocol/errors.js';
import { RESERVED_SERVICE } from '../protocol/features.js';
import type { JsonValue } from '../protocol/json.js';
import type { IdentityInput } from '../protocol/snorky-types.js';
import { encodeError, idOfCall } from '../protocol/rpc.js';
import type { Client, IdentityListener } from './client.js';
import { Counters } from './counters.js';
import { IdentityIndex } from './identity-index.js';
import { Lane } from './lane.js';
import {
  RateLimitedLog,
  type Detail,
  type LogOptions,
  type LogSink,
} from './log.js';
import { Negotiation } from './negotiation.js';
import { isPromiseLike, asPromise } from './promise-like.js';
import type { Redaction } from './redaction.js';
import type { Service, ServiceHost } from './service.js';

const SILENT: LogSink = { warn() {}, error() {} };

/** What is told of a discarded message, or of its part that is at fault. */
const DISCARDED: Readonly<
  Record<
    MessageFault,
    (shown: Redaction, what: unknown, size: number) => string
  >
> = {
  invalidJson: (shown, text) => shown.text(String(text)),
  nestedTooDeep: (shown, text) => shown.text(String(text)),
  notAnEnvelope: (shown, text) => shown.text(String(text)),
  unknownService: (shown, name, size) => `service ${shown.value(name, size)}`,
  notACall: (shown, message, size) => shown.value(message, size),
  failed: (shown, message, size) => shown.value(message, size),
};

/**
 * A set of named services and the clients who talk to them. Registries know
 * nothing of each other: a service of one is unknown in the other.
 */
export class ServiceRegistry implements ServiceHost {
  readonly counters: Counters = new Counters();
  readonly log: RateLimitedLog;

  private readonly byName = new Map<string, Service>();
  private readonly negotiation = new Negotiation();
  private readonly present = new Set<Client>();
  private readonly identities = new IdentityIndex<Client>();
  /** Clients whose connect hooks have not all settled. */
  private readonly connecting = new Map<
    Client,
    Map<Service, PromiseLike<unknown>>
  >();
  private running = 0;
  private whenIdle: (() => void)[] = [];

  /**
   * @param name Shown in log lines and error messages.
   * @param sink Where log lines go; they are rate-limited. Default: nowhere.
   * @param log What is written, and how much of it.
   * @throws TypeError when an option of the log makes no sense.
   */
  constructor(
    readonly name: string = 'registry',
    sink: LogSink = SILENT,
    log: LogOptions = {},
  ) {
    this.log = new RateLimitedLog(sink, log);
    this.negotiation.$attach(this, RESERVED_SERVICE);
  }

  /**
   * Makes a service reachable.
   *
   * @throws Error when the name is taken, or the registry's own, or the instance
   *   is registered already.
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

  /** The service of that name, if there is one. */
  service(name: string): Service | undefined {
    return this.byName.get(name);
  }

  /**
   * Who takes the messages for a name: a service, or the registry itself.
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
    return this.present;
  }

  /**
   * All clients of one identity that are connected to this node. What is asked
   * for is made JSON as identities are, so that it finds whoever was given the
   * same value, an `ObjectId` for example. Nobody is listed under null.
   *
   * @throws NotJsonError when JSON cannot express it: nobody can have it, and
   *   whoever wants them all logged out should know.
   *
   * @example Logging a user out everywhere
   * for (const client of registry.clientsOf(userId)) client.close(4200, 'Logged out');
   */
  clientsOf(identity: IdentityInput): ReadonlySet<Client> {
    return this.identities.of(identity);
  }

  /**
   * Lets a client in: tells every service, in registration order. Messages of
   * the client wait until all hooks have settled.
   */
  connect(client: Client): void {
    this.present.add(client);
    this.counters.accepted++;
    this.counters.connections++;
    client.identityListener = this.identityChanged;
    this.identities.put(client, client.identity as JsonValue);
    let pending: Map<Service, PromiseLike<unknown>> | undefined;
    for (const service of this.byName.values()) {
      const settled = this.runHook(service, 'onClientConnected', client);
      if (settled !== undefined) (pending ??= new Map()).set(service, settled);
    }
    if (pending === undefined) return;
    const lane = this.laneOf(client);
    lane.hold();
    this.connecting.set(client, pending);
    void Promise.all(pending.values()).then(() => {
      this.connecting.delete(client);
      lane.release();
    });
  }

  /** What services keep for who it was ends before the setter returns. */
  private readonly identityChanged: IdentityListener = (
    client,
    _before,
    after,
  ) => {
    this.identities.put(client, after);
    for (const service of this.byName.values()) {
      try {
        service.$onIdentityChanged?.(client);
      } catch (error) {
        this.failed(`identity:${service.name}`, error, () => {
          return `Service "${service.name}" failed at a change of identity`;
        });
      }
    }
  };

  /** Tells every service that a client has gone. */
  disconnect(client: Client): void {
    if (!this.present.delete(client)) return;
    this.counters.connections--;
    client.lane?.clear();
    clearTimeout(client.expiry);
    // Before the hooks: one that asks who else has this identity counts right.
    client.identityListener = undefined;
    this.identities.delete(client);
    const connecting = this.connecting.get(client);
    this.connecting.delete(client);
    for (const service of this.byName.values()) {
      // A service hears of the end only after it has finished with the start.
      const start = connecting?.get(service);
      if (start === undefined) {
        this.runHook(service, 'onClientDisconnected', client);
      } else {
        void start.then(() => {
          this.runHook(service, 'onClientDisconnected', client);
        });
      }
    }
  }

  /** Takes one incoming text of a connected client. */
  dispatch(client: Client, text: string): void {
    this.counters.received++;
    if (client.lane?.busy) client.lane.push(text);
    else this.take(client, text);
  }

  private take(client: Client, text: string): void {
    if (client.spoken < 2) client.spoken++;
    const envelope = decodeEnvelope(text);
    if (typeof envelope === 'string') {
      this.discard(client, envelope, text, text.length);
      return;
    }
    this.process(client, envelope, text.length);
  }

  /**
   * Hands an envelope to its service, now.
   *
   * @param size Characters of the text that it came in.
   */
  process(client: Client, envelope: IncomingEnvelope, size: number): void {
    const { service: name, message } = envelope;
    const service = this.receiver(name);
    if (service === undefined) {
      this.missing(client, name, message, size);
      return;
    }
    try {
      const result = service.processMessageFrom(client, message, size);
      if (result !== undefined && isPromiseLike(result)) {
        asPromise(result).then(undefined, (error: unknown) => {
          this.serviceFailed(service, client, error);
        });
      }
    } catch (error) {
      this.serviceFailed(service, client, error);
    }
  }

  /** Who asked for `errors` need not wait for what will not come. */
  private missing(
    client: Client,
    name: JsonValue,
    message: JsonValue,
    size: number,
  ): void {
    this.discard(client, 'unknownService', name, size);
    if (typeof name !== 'string' || !client.has('errors')) return;
    const callId = idOfCall(message);
    if (callId === undefined) return;
    const { noSuchService } = WireError;
    client.sendText(encodeError(envelopePrefix(name), callId, noSuchService));
  }

  /** @internal The lane that keeps a client's messages in order. */
  laneOf(client: Client): Lane {
    return (client.lane ??= new Lane(client, (text) => {
      this.take(client, text);
    }));
  }

  /** @internal Drops a message, with a line in the log and no answer. */
  discard(
    client: Client,
    fault: MessageFault,
    what: unknown,
    size: number,
  ): void {
    this.counters.discarded++;
    const line = (): string =>
      `Discarded a message to "${this.name}" from ${client.handshake.remoteAddress ?? 'a client'}: ${MessageFault[fault].text}`;
    this.log.warn(`discarded:${fault}`, line, (shown) => {
      return `Discarded: ${DISCARDED[fault](shown, what, size)}`;
    });
    client.discarded(fault);
  }

  /** @internal Logs an unexpected failure that was isolated. */
  failed(
    kind: string,
    error: unknown,
    line: () => string,
    detail?: Detail,
  ): void {
    this.counters.failures++;
    this.log.error(kind, line, error, detail);
  }

  /** @internal A command's promise is under way. */
  commandStarted(): void {
    this.running++;
  }

  /** @internal */
  commandEnded(): void {
    if (--this.running > 0) return;
    for (const idle of this.whenIdle.splice(0)) idle();
  }

  /**
   * Waits until no command is running, for at most `limit` milliseconds.
   * Commands declared `async` do not count: they may wait for ever.
   */
  async idle(limit: number): Promise<void> {
    if (this.running === 0) return;
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([
      new Promise<void>((resolve) => this.whenIdle.push(resolve)),
      new Promise<void>((resolve) => (timer = setTimeout(resolve, limit))),
    ]);
    clearTimeout(timer);
  }

  private runHook(
    service: Service,
    hook: 'onClientConnected' | 'onClientDisconnected',
    client: Client,
  ): PromiseLike<unknown> | undefined {
    try {
      const result = service[hook]?.(client);
      if (result === undefined || !isPromiseLike(result)) return undefined;
      return asPromise(result).then(undefined, (error: unknown) => {
        this.hookFailed(service, hook, error);
      });
    } catch (error) {
      this.hookFailed(service, hook, error);
      return undefined;
    }
  }

  private hookFailed(service: Service, hook: string, error: unknown): void {
    this.failed(`${hook}:${service.name}`, error, () => {
      return `${hook} of service "${service.name}" failed`;
    });
  }

  private serviceFailed(
    service: Service,
    client: Client,
    error: unknown,
  ): void {
    this.failed(`process:${service.name}`, error, () => {
      return `Service "${service.name}" failed to process a message`;
    });
    client.discarded('failed');
  }
}
