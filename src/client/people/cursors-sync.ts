import { jsonOf } from '../../protocol/envelope.js';
import { canonicalKey, type JsonValue } from '../../protocol/json.js';
import { RpcError } from '../errors.js';
import type { CursorInput, CursorState, Given, Place } from './cursor-state.js';

/** Canonical keys: a later change of an object changes no key. */
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
 * meanwhile only the latest state waits, and all who ask for it share one
 * promise.
 */
export abstract class SynchronizedCursor implements CursorState {
  readonly position: JsonValue = null;
  readonly status: JsonValue = null;
  /** @internal Removed, refused, or its document was left. */
  $isGone = false;
  readonly #privateHandle: number;
  #keys!: Keys;
  /** What the service has; undefined while it has no such cursor. */
  #known: Known | undefined;
  /** For the answer to the call that is on its way. */
  #sent: Waiting | undefined;
  /** For the answer to the call after that. */
  #next: Waiting | undefined;

  /** @internal */
  constructor(
    readonly document: Place,
    state: Given,
  ) {
    this.#set(state);
    this.#privateHandle = document.$service.$handles++;
  }

  /** What others know it by: undefined while the service does not have it. */
  get publicHandle(): number | undefined {
    return this.#known?.publicHandle;
  }

  /** How many promises of this cursor wait for an answer: at most two. */
  get pendingPromiseCount(): number {
    return (this.#sent ? 1 : 0) + (this.#next ? 1 : 0);
  }

  /** Whether the service has the cursor as it is here. */
  isSynchronized(): boolean {
    return !this.$isGone && !this.#sent && this.#isKnown();
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
    return this.#change(() => this.#set(changes));
  }

  /** Removes the cursor, at once. The promise need not be handled. */
  remove(): Promise<null> {
    return this.#change(() => {
      this.$isGone = true;
      // Updates that were still to be sent do not matter any more.
      this.#settleNext();
    });
  }

  /** @internal Settles when the service has this state, or a newer one. */
  $wait(): Promise<null> {
    this.#next ??= this.#defer();
    return this.#next.promise;
  }

  /** @internal Sends what the service does not know, one call at a time. */
  $flush(): void {
    if (this.#sent) return;
    if (this.#isKnown()) {
      this.#settleNext();
      if (this.$isGone) this.$ended();
    } else if (this.document.$isJoined) this.#tell();
  }

  /** @internal The connection has gone, and with it what the service had. */
  $lost(error: unknown, final: boolean): void {
    const sent = this.#sent;
    this.#known = undefined;
    if (final && !this.$isGone) this.#settleAll(error);
    else {
      this.#sent = undefined;
      sent?.resolve(this.$wait());
      this.$flush();
    }
  }

  /** @internal Nothing is to be sent any more. */
  $drop(error?: unknown): void {
    this.$isGone = true;
    this.#settleAll(error);
  }

  /** @internal It is gone; with an error if the service did not take it. */
  abstract $ended(error?: unknown): void;

  #change(apply: () => void): Promise<null> {
    if (this.$isGone) {
      const { promise, reject } = this.#defer();
      // What the service would say.
      reject(new RpcError('No such cursor'));
      return promise;
    }
    apply();
    const changed = this.$wait();
    this.$flush();
    return changed;
  }

  #set({ position = this.position, status = this.status }: Given): void {
    // As others will see it: a date is a text, and a later change of an object
    // changes nothing here.
    const state = { position: jsonOf(position), status: jsonOf(status) };
    this.#keys = {
      position: canonicalKey(state.position),
      status: canonicalKey(state.status),
    };
    Object.assign(this, state);
  }

  /** Whether there is nothing to be sent. */
  #isKnown(): boolean {
    const known = this.#known;
    const keys = this.#keys;
    if (this.$isGone || !known) return this.$isGone && !known;
    return known.position === keys.position && known.status === keys.status;
  }

  /** Sends what is to be sent. */
  #tell(): void {
    const { document, $isGone, position, status } = this;
    const keys = this.#keys;
    const known = this.#known;
    const publicHandle = known?.publicHandle;
    const sent = this.#next ?? this.#defer();
    this.#sent = sent;
    this.#next = undefined;
    const [command, params] = !known
      ? ['createCursor', { document: document.name, position, status }]
      : $isGone
        ? ['removeCursor', {}]
        : [
            'updateCursor',
            {
              newData: {
                ...(keys.position !== known.position && { position }),
                ...(keys.status !== known.status && { status }),
              },
            },
          ];
    const isRemoved = known && $isGone;
    const answered = (has: Known | undefined, error?: unknown): void => {
      this.#known = has;
      this.#sent = undefined;
      settle(sent, error);
      // An update that was refused would be refused again.
      if (this.$isGone || this.#next) this.$flush();
    };
    document.$service.$call(
      command,
      { privateHandle: this.#privateHandle, ...params },
      {},
      {
        $isOnce: true,
        // Unless it was settled before: its connection or document has gone.
        resolve: (result) => {
          if (this.#sent !== sent) return;
          const handle = known ? publicHandle : (result as number);
          answered(isRemoved ? undefined : { ...keys, publicHandle: handle });
        },
        reject: (error) => {
          if (this.#sent !== sent) return;
          if (!known && !this.$isGone) {
            this.$drop(error);
            this.$ended(error);
          }
          // What had no answer in time may have been created all the same.
          const isRefused = !known && error instanceof RpcError;
          answered(
            isRemoved || isRefused ? undefined : { publicHandle },
            error,
          );
        },
      },
    );
  }

  #defer(): Waiting {
    let settle!: Omit<Waiting, 'promise'>;
    const promise = new this.document.$service.snorky.Promise<null>(
      (resolve, reject) => {
        settle = { resolve, reject };
      },
    );
    // A page that follows a mouse does not look at each answer.
    promise.catch(() => {});
    return { promise, ...settle };
  }

  #settleNext(error?: unknown): void {
    settle(this.#next, error);
    this.#next = undefined;
  }

  #settleAll(error: unknown): void {
    settle(this.#sent, error);
    this.#sent = undefined;
    this.#settleNext(error);
  }
}

function settle(waiting: Waiting | undefined, error: unknown): void {
  if (error) waiting?.reject(error);
  else waiting?.resolve(null);
}
