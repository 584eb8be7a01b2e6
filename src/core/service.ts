import {
  envelopePrefix,
  type IncomingEnvelope,
  type MessageFault,
} from '../protocol/envelope.js';
import type { JsonValue } from '../protocol/json.js';
import type { MaybePromise } from '../protocol/maybe-promise.js';
import type { AsJson } from '../protocol/json-input.js';
import type { IdentityInput } from '../protocol/snorky-types.js';
import type { Client } from './clients/client.js';
import { encodeMessage } from './json/encoded-json.js';
import type { EveryNode } from './everywhere/everywhere.js';
import type { Counters } from './observation/counters.js';
import type { Failure } from './observation/failure.js';
import type { Observers } from './observation/observers.js';
import type { Lane } from './clients/lane.js';
import type { Detail, RateLimitedLog } from './log/log.js';
import { PreparedMessage } from './clients/prepared-message.js';

/** What a service sees of the registry that it belongs to. */
export interface ServiceHost {
  readonly name: string;
  /** All clients connected to this node. */
  clients(): ReadonlySet<Client>;
  /** See `ServiceRegistry.clientsOf`. */
  clientsOf(identity: IdentityInput): ReadonlySet<Client>;
  /** What can be done to the clients of all nodes. */
  readonly everywhere: EveryNode;
  /** The counters of the registry. */
  readonly counters: Counters;
  /**
   * Another service of the registry; undefined if there is none of that name.
   */
  service(name: string): Service | undefined;
  /** @internal */
  readonly log: RateLimitedLog;
  /** @internal */
  laneOf(client: Client): Lane;
  /** @internal */
  process(client: Client, envelope: IncomingEnvelope, size: number): void;
  /** @internal */
  discard(
    client: Client,
    fault: MessageFault,
    what: unknown,
    size: number,
  ): void;
  /** @internal */
  readonly observers: Observers;
  /** @internal */
  failed(
    failure: Failure,
    error: unknown,
    line: () => string,
    detail?: Detail,
  ): void;
  /** @internal */
  commandStarted(): void;
  /** @internal */
  commandEnded(): void;
}

/** The registry and the name that a service was registered with. */
interface Place {
  registry: ServiceHost | undefined;
  name: string;
  prefix: string;
}

/**
 * All private state of a class that others extend stands in one object under a
 * symbol. Nest copies instances, for `forwardRef`, and wraps them in a proxy,
 * for `instanceDecorator`. A `#field` survives neither, and each copy would
 * have a plain field of its own. A symbol cannot collide with the name of a
 * subclass's command.
 */
const state: unique symbol = Symbol('snorky:service');

/**
 * A service that clients of a registry talk to by its name. Derive from it to
 * exchange any JSON. For commands, decorate a plain class or derive from
 * `RpcService`.
 *
 * @example
 * class Echo extends Service {
 *   processMessageFrom(client: Client, message: JsonValue) {
 *     this.sendMessageTo(client, message);
 *   }
 * }
 */
export abstract class Service {
  private readonly [state]: Place = {
    registry: undefined,
    name: '',
    prefix: '',
  };

  // Internal members begin with `$`. The published types leave @internal
  // members out, so the compiler could not warn a subclass that has a member of
  // the same name.

  /**
   * Whether a request over HTTP is answered when its call is resolved.
   * Otherwise the first message that the service sends back is the answer.
   *
   * @internal
   */
  get $resolvesCalls(): boolean {
    return false;
  }

  /**
   * The name under which clients reach this service. Known once it is
   * registered.
   */
  get name(): string {
    return this.registry && this[state].name;
  }

  /**
   * The registry that this service belongs to.
   *
   * @throws Error before the service is registered.
   */
  get registry(): ServiceHost {
    // In a cycle of injections, others may hold a service whose constructor has
    // not run yet.
    const registry = (this[state] as Place | undefined)?.registry;
    if (registry === undefined) {
      throw new Error(
        `${this.constructor.name} is not registered yet: use its name and ` +
          'registry from onApplicationBootstrap on, not in the constructor.',
      );
    }
    return registry;
  }

  /** @internal */
  get $prefix(): string {
    return this[state].prefix;
  }

  /** @internal Called by the registry, once. */
  $attach(registry: ServiceHost, name: string): void {
    const place = this[state];
    if (place.registry !== undefined) {
      throw new Error(
        `One ${this.constructor.name} cannot be two services: it is ` +
          `"${place.name}" already. Register another instance as "${name}".`,
      );
    }
    place.registry = registry;
    place.name = name;
    place.prefix = envelopePrefix(name);
  }

  /**
   * Handles one message. An error is logged and reaches nobody else. Other
   * messages of the client do not wait for a promise returned here.
   *
   * @param size Characters of the text that the message came in.
   */
  abstract processMessageFrom(
    client: Client,
    message: JsonValue,
    size?: number,
  ): void | Promise<void>;

  /**
   * Called when a client has connected. Its messages are held back until a
   * promise returned here has settled. Not called for HTTP.
   */
  onClientConnected?(client: Client): void | Promise<void>;

  /**
   * Called when a connected client has got another identity, before the
   * assignment returns. So nothing that was meant for the earlier identity is
   * sent after that.
   *
   * @internal
   */
  $onIdentityChanged?(client: Client): void;

  /**
   * Takes back, on all nodes, what this service has given to an identity.
   * Called while the identity's connections are being closed.
   *
   * @internal
   */
  $takeBack?(identity: JsonValue): MaybePromise<void>;

  /**
   * Called when a client has gone, whatever the reason. Forget what was kept
   * for it.
   */
  onClientDisconnected?(client: Client): void | Promise<void>;

  /**
   * Sends a message of this service to one client.
   *
   * @throws NotJsonError when JSON cannot express the message.
   */
  sendMessageTo<Message>(client: Client, message: AsJson<Message>): void {
    client.sendText(encodeMessage(this.$prefix, message));
  }

  /**
   * Sends one message of this service to many clients. It is serialized once. A
   * recipient that fails does not keep the others from theirs.
   *
   * @throws NotJsonError when JSON cannot express the message.
   */
  notify<Message>(clients: Iterable<Client>, message: AsJson<Message>): void {
    this.$deliver(
      clients,
      new PreparedMessage(encodeMessage(this.$prefix, message)),
    );
  }

  /**
   * Like `notify`, with a message that is serialized already.
   *
   * @internal
   */
  $deliver(clients: Iterable<Client>, prepared: PreparedMessage): void {
    for (const client of clients) {
      try {
        client.deliver(prepared);
      } catch (error) {
        const failure = { reason: 'deliver', service: this.name };
        this.registry.failed(failure, error, () => {
          return `Could not deliver a message of service "${this.name}"`;
        });
      }
    }
  }
}
