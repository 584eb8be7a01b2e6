import { randomBytes } from 'node:crypto';
import {
  CloseCode,
  CloseReason,
  type CloseCause,
} from '../../protocol/close-codes.js';
import { envelopePrefix, type MessageFault } from '../../protocol/envelope.js';
import { FEATURE_BITS, type Feature } from '../../protocol/features.js';
import { canonicalKey, type JsonValue } from '../../protocol/json.js';
import type { AsJson } from '../../protocol/json-input.js';
import type { Identity, IdentityInput } from '../../protocol/snorky-types.js';
import { encodeMessage } from '../json/encoded-json.js';
import { frozenJson } from '../json/frozen-json.js';
import type { Lane } from './lane.js';
import type { PreparedMessage } from './prepared-message.js';

/** How a client introduced itself. */
export interface Handshake {
  /** Header names are in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Path and query as requested. */
  readonly url: string;
  /** The address of the peer, which is the proxy's where there is one. */
  readonly remoteAddress: string | undefined;
  /**
   * The address of the visitor: the one that a proxy names which the
   * application trusts (Express' `trust proxy`, Fastify's `trustProxy`), else
   * the peer's.
   */
  readonly ip: string | undefined;
  /** The subprotocol that the endpoint selected; absent if it selected none. */
  readonly subprotocol?: string;
}

/**
 * What an application keeps with a client. Declare your own members:
 *
 * @example
 * declare module 'snorky' {
 *   interface ClientData { locale?: string }
 * }
 */
export interface ClientData {
  [key: string]: unknown;
}

/** @internal Called when a connected client's identity changes. */
export type IdentityListener = (
  client: Client,
  before: JsonValue,
  after: JsonValue,
) => void;

const processName = randomBytes(6).toString('base64url');
let created = 0;

/**
 * Whether a service has answered, or could not because the broker was out of
 * reach.
 */
export type AnswerKind = 'answer' | 'unavailable';

/**
 * One peer of a registry: a browser's socket, a backend's HTTP request, a
 * test's in-memory connection. Transports derive from it; services see only
 * this class.
 */
export abstract class Client {
  /** Unique among all clients of all nodes, and never used again. */
  readonly id: string = `${processName}-${(created++).toString(36)}`;
  abstract readonly handshake: Handshake;

  private known: JsonValue = null;
  private notes: ClientData | undefined;
  /** @internal */
  identityListener: IdentityListener | undefined;
  /** @internal Requests and held-back messages that have no answer yet. */
  pending = 0;
  /** @internal The length of the texts of those messages, in UTF-16 units. */
  pendingBytes = 0;
  /**
   * The mark of closed identities (see `Everywhere`) from when the oldest
   * unanswered request arrived. That request may still decide by what was true
   * then.
   *
   * @internal
   */
  mark = 0;
  /** @internal Closes the client when its admission expires. */
  expiry: NodeJS.Timeout | undefined;
  /** @internal Present while a message is held back, or was. */
  lane: Lane | undefined;
  /** @internal How many messages have been taken: none, one, or more. */
  spoken: 0 | 1 | 2 = 0;
  /**
   * @internal The features that its connection asked for, as bits of
   * `FEATURE_BITS`.
   */
  features = 0;

  /**
   * Who this client is, as `identify` or a log-in command established: any
   * JSON, or the type that `SnorkyTypes` declares as `identity`; `null` while
   * it is unknown.
   *
   * Assign to it on log-in and log-out. The value is copied as JSON has it, and
   * the copy is frozen. Assign a new value to change a part of it.
   *
   * @throws NotJsonError when JSON cannot express the value; the identity stays
   *   what it was.
   */
  get identity(): Identity {
    return this.known as Identity;
  }

  set identity(given: IdentityInput) {
    // Untyped code may give undefined, which must not become an identity.
    const identity = frozenJson(given ?? null, 'identity');
    const before = this.known;
    this.known = identity;
    if (
      this.identityListener !== undefined &&
      canonicalKey(before) !== canonicalKey(identity)
    ) {
      this.identityListener(this, before, identity);
    }
  }

  /** The application's own notes on this client. */
  get data(): ClientData {
    return (this.notes ??= {});
  }

  /**
   * Whether messages can still reach this client. After an `await`, a service
   * must look again before it registers anything for the client.
   */
  abstract get connected(): boolean;

  /**
   * Whether the connection asked for a feature. Messages that belong to a
   * feature may only be sent to connections that asked for it.
   *
   * @internal
   */
  has(feature: Feature): boolean {
    return (this.features & FEATURE_BITS[feature]) !== 0;
  }

  /** @internal Queues the text of an envelope. Dropped when not connected. */
  abstract sendText(text: string): void;

  /** @internal Queues a message that goes to many clients. */
  abstract deliver(message: PreparedMessage): void;

  /**
   * Ends the connection after the queued messages have been handed over.
   * Closing again does nothing.
   *
   * @param code 1000, or 4200-4999 for the application's own; the ranges below
   *   have a meaning for connectors, see `CloseCode`.
   * @param reason At most 123 bytes of UTF-8; longer ones are cut.
   * @throws RangeError when the code cannot be sent, TypeError when the reason is
   *   no text. Nothing is done then.
   */
  abstract close(code?: number, reason?: string): void;

  /** @internal Closes the connection for a reason of the server's own. */
  closeFor(cause: CloseCause): void {
    this.close(CloseCode[cause], CloseReason[cause]);
  }

  /**
   * Sends one message. Use a service's `notify` for a message to many clients:
   * it serializes the message once.
   *
   * @throws NotJsonError when JSON cannot express the message.
   */
  send<Message>({
    service,
    message,
  }: {
    readonly service: string;
    readonly message: AsJson<Message>;
  }): void {
    if (typeof service !== 'string') {
      throw new TypeError('The service of a message must be a name.');
    }
    this.sendText(encodeMessage(envelopePrefix(service), message));
  }

  /** @internal Bytes that wait for the connection to take them. */
  get waiting(): number {
    return 0;
  }

  /**
   * @internal Calls back when everything queued until now has been handed over.
   */
  whenDrained(act: () => void): void {
    setImmediate(act);
  }

  /**
   * @internal Sends the text that resolves a request of this client.
   *
   * @param _kind For transports that say by their own means that a service is
   *   unavailable.
   */
  answer(text: string, _kind: AnswerKind): void {
    this.sendText(text);
  }

  /** @internal A message of this client was discarded. Sockets stay silent. */
  discarded(_fault: MessageFault): void {}

  /** @internal One more request or held-back message waits. */
  requestOpened(size: number): void {
    this.pending++;
    this.pendingBytes += size;
  }

  /** @internal One request or held-back message waits no more. */
  requestClosed(size: number): void {
    this.pending--;
    this.pendingBytes -= size;
  }
}
