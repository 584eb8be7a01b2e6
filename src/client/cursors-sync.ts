import { jsonOf } from '../protocol/envelope.js';
import type { AsJson } from '../protocol/json-input.js';
import { canonicalKey, type JsonValue } from '../protocol/json.js';
import type { CallOptions } from './call-options.js';
import type { ConnectorHost } from './connector-host.js';
import { RpcError } from './errors.js';
import type { Settle } from './pending-calls.js';

/** What a cursor shows: any JSON. */
export interface CursorState {
  readonly position: JsonValue;
  readonly status: JsonValue;
}

/** What an own cursor is to show: whatever becomes JSON. */
export interface CursorInput<Position, Status> {
  readonly position?: AsJson<Position>;
  readonly status?: AsJson<Status>;
}

/**
 * What a cursor uses of the connector. Not picked from its class, of which the
 * published types have no internal members.
 */
export interface CursorCalls {
  readonly snorky: ConnectorHost;
  /** @internal */
  $call(
    command: string,
    params: object,
    options: CallOptions,
    settle: Settle,
  ): void;
  /** @internal The next private handle: they are used once. */
  $handles: number;
}

/** The same, to whom its type is of no use. */
export interface Given {
  readonly position?: unknown;
  readonly status?: unknown;
}

/** Where a cursor is. */
export interface Place {
  /** What the service calls the document. */
  readonly name: JsonValue;
  /** @internal */
  readonly $service: CursorCalls;
  /** @internal Whether it is, on this connection. */
  readonly $isJoined: boolean;
}

/** Canonical keys: who changes an object changes no key. */
type Keys = Readonly<Record<keyof CursorState, string>>;

/** A cursor as far as the service is known to have it. */
interface Known extends Partial<Keys> {
  readonly publicHandle?: number | undefined;
}

interface Waiting {
  readonly promise: Promise<null>;
  resolve(value: null | Promise<null>): void;
  reject(error: unknown): void;
}

/**
 * Brings the service up to date with a cursor. One call is on its way at a time;
 * meanwhile only the latest state waits, and whoever asks for it shares one
 * promise.
 */
export abstract class SynchronizedCursor implements CursorState {
  readonly position: JsonValue = null;
  readonly status: JsonValue = null;
  /** @internal Removed, refused, or its document was left. */
  $isGone = false;
  private readonly privateHandle: number;
  private keys!: Keys;
  /** What the service has; undefined while it has no such cursor. */
  private known: Known | undefined;
  /** For the answer to the call that is on its way. */
  private sent: Waiting | undefined;
  /** For the answer to the call after that. */
  private next: Waiting | undefined;

  /** @internal */
  constructor(
    readonly document: Place,
    state: Given,
  ) {
    this.set(state);
    this.privateHandle = document.$service.$handles++;
  }

  /** What others know it by: undefined while the service does not have it. */
  get publicHandle(): number | undefined {
    return this.known?.publicHandle;
  }

  /** How many promises of this cursor wait for an answer: at most two. */
  get pendingPromiseCount(): number {
    return (this.sent ? 1 : 0) + (this.next ? 1 : 0);
  }

  /** Whether the service has the cursor as it is here. */
  isSynchronized(): boolean {
    return !this.$isGone && this.sent === undefined && this.isKnown();
  }

  /**
   * Changes the cursor, at once. What is the same is not sent; of updates in
   * quick succession only the latest. Without a connection it waits for one.
   *
   * @returns a promise that settles when the service has this state, or one that
   *   is newer. It need not be handled.
   * @throws TypeError when JSON cannot express the position or the status.
   */
  update<Position, Status>(
    changes: CursorInput<Position, Status>,
  ): Promise<null> {
    return this.change(() => this.set(changes));
  }

  /** Removes the cursor, at once. The promise need not be handled. */
  remove(): Promise<null> {
    return this.change(() => {
      this.$isGone = true;
      // What was to be told before is of no interest any more.
      this.settle('next');
    });
  }

  /** @internal Settles when the service has this state, or a newer one. */
  $wait(): Promise<null> {
    this.next ??= this.defer();
    return this.next.promise;
  }

  /** @internal Sends what the service does not know, one call at a time. */
  $flush(): void {
    if (this.sent !== undefined) return;
    if (this.isKnown()) {
      this.settle('next');
      if (this.$isGone) this.$ended();
    } else if (this.document.$isJoined) {
      this.tell();
    }
  }

  /** @internal The connection has gone, and with it what the service had. */
  $lost(error: unknown, final: boolean): void {
    const { sent } = this;
    this.known = undefined;
    if (final && !this.$isGone) {
      this.settle('sent', error);
      this.settle('next', error);
    } else {
      this.sent = undefined;
      sent?.resolve(this.$wait());
      this.$flush();
    }
  }

  /** @internal Nothing is to be sent any more. */
  $drop(error?: unknown): void {
    this.$isGone = true;
    this.settle('sent', error);
    this.settle('next', error);
  }

  /** @internal It is gone; with an error if the service did not take it. */
  abstract $ended(error?: unknown): void;

  private change(apply: () => void): Promise<null> {
    if (this.$isGone) {
      const { promise, reject } = this.defer();
      // What the service would say.
      reject(new RpcError('No such cursor'));
      return promise;
    }
    apply();
    const changed = this.$wait();
    this.$flush();
    return changed;
  }

  private set(state: Given): void {
    // As others will see it: a date is a text, and whoever changes an object
    // changes nothing here.
    const position = jsonOf(
      state.position === undefined ? this.position : state.position,
    );
    const status = jsonOf(
      state.status === undefined ? this.status : state.status,
    );
    this.keys = {
      position: canonicalKey(position),
      status: canonicalKey(status),
    };
    Object.assign(this, { position, status });
  }

  /** Whether there is nothing to be sent. */
  private isKnown(): boolean {
    const { $isGone, keys, known } = this;
    if ($isGone) return known === undefined;
    return known?.position === keys.position && known.status === keys.status;
  }

  /** Sends what is to be sent. */
  private tell(): void {
    const { document, $isGone, position, status, keys, known } = this;
    if (known === undefined) {
      this.call(
        'createCursor',
        { document: document.name, position, status },
        (result) => ({ ...keys, publicHandle: result as number }),
        (error) => {
          if (!this.$isGone) {
            this.$drop(error);
            this.$ended(error);
          }
          // What had no answer in time may exist all the same.
          return error instanceof RpcError ? undefined : {};
        },
      );
    } else if ($isGone) {
      this.call('removeCursor', {}, nothing, nothing);
    } else {
      const { publicHandle } = known;
      const newData = {
        ...(keys.position === known.position ? {} : { position }),
        ...(keys.status === known.status ? {} : { status }),
      };
      this.call(
        'updateCursor',
        { newData },
        () => ({ ...keys, publicHandle }),
        () => ({ publicHandle }),
      );
    }
  }

  /** @param accepted What the service has after this answer. */
  private call(
    command: string,
    params: object,
    accepted: (result: unknown) => Known | undefined,
    refused: (error: unknown) => Known | undefined,
  ): void {
    const { document, privateHandle } = this;
    const { $service } = document;
    const sent = (this.sent = this.next ?? this.defer());
    this.next = undefined;
    const settle = (know: () => Known | undefined, error?: unknown): void => {
      // Otherwise it was settled before: its connection or document has gone.
      if (this.sent !== sent) return;
      this.known = know();
      this.settle('sent', error);
      // An update that was refused would be refused again.
      if (this.$isGone || this.next !== undefined) this.$flush();
    };
    $service.$call(
      command,
      { privateHandle, ...params },
      {},
      {
        isOnce: true,
        resolve: (result) => settle(() => accepted(result)),
        reject: (error) => settle(() => refused(error), error),
      },
    );
  }

  private defer(): Waiting {
    let settle!: Omit<Waiting, 'promise'>;
    const promise = new this.document.$service.snorky.Promise<null>(
      (resolve, reject) => {
        settle = { resolve, reject };
      },
    );
    // Who moves a mouse does not look at each answer.
    promise.catch(() => {});
    return { promise, ...settle };
  }

  private settle(which: 'sent' | 'next', error?: unknown): void {
    const waiting = this[which];
    this[which] = undefined;
    if (error === undefined) waiting?.resolve(null);
    else waiting?.reject(error);
  }
}

function nothing(): undefined {}
