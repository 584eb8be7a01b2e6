import { jsonOf } from '../../protocol/envelope.js';
import { canonicalKey, type JsonValue } from '../../protocol/json.js';
import { RpcError } from '../errors.js';
import type { CursorInput, CursorState, Given, Place } from './cursor-state.js';

/** Canonical keys, which do not change when an object is changed later. */
type Keys = Readonly<Record<keyof CursorState, string>>;

/** The state of a cursor that the service is known to have. */
interface Known extends Partial<Keys> {
  readonly publicHandle?: number | undefined;
}

interface Waiting {
  readonly promise: Promise<null>;
  resolve(value: null | Promise<null>): void;
  reject(error: unknown): void;
}

/**
 * Brings the service up to date with a cursor. Only one call is on its way at a
 * time. Meanwhile only the latest state waits, and all callers share one
 * promise for it.
 */
export abstract class SynchronizedCursor implements CursorState {
  readonly position: JsonValue = null;
  readonly status: JsonValue = null;
  /**
   * @internal Whether the cursor was removed or refused, or its document was
   * left.
   */
  $isGone = false;
  readonly #privateHandle: number;
  #keys!: Keys;
  /** The state that the service has; undefined while it has no such cursor. */
  #known: Known | undefined;
  /** The promise for the answer to the call that is on its way. */
  #sent: Waiting | undefined;
  /** The promise for the answer to the next call. */
  #next: Waiting | undefined;

  /** @internal */
  constructor(
    readonly document: Place,
    state: Given,
  ) {
    this.#set(state);
    this.#privateHandle = document.$service.$handles++;
  }

  /**
   * The number by which others know the cursor; undefined while the service
   * does not have it.
   */
  get publicHandle(): number | undefined {
    return this.#known?.publicHandle;
  }

  /** The number of this cursor's promises that are not settled: at most two. */
  get pendingPromiseCount(): number {
    return (this.#sent ? 1 : 0) + (this.#next ? 1 : 0);
  }

  /** Whether the service has the present state of the cursor. */
  isSynchronized(): boolean {
    return !this.$isGone && !this.#sent && this.#isKnown();
  }

  /**
   * Changes the cursor at once. A state that the service has is not sent again.
   * Of updates in quick succession only the latest is sent. Without a
   * connection it waits for one.
   *
   * @returns A promise that resolves when the service has this state, or a
   *   newer one. A rejection need not be handled.
   * @throws TypeError when JSON cannot express the position or the status.
   */
  update<Position, Status>(
    changes: CursorInput<Position, Status>,
  ): Promise<null> {
    return this.#change(() => this.#set(changes));
  }

  /** Removes the cursor at once. A rejection need not be handled. */
  remove(): Promise<null> {
    return this.#change(() => {
      this.$isGone = true;
      // The state of a removed cursor need not be sent any more.
      this.#settleNext();
    });
  }

  /** @internal Resolves when the service has this state, or a newer one. */
  $wait(): Promise<null> {
    this.#next ??= this.#defer();
    return this.#next.promise;
  }

  /** @internal Sends what the service does not have, one call at a time. */
  $flush(): void {
    if (this.#sent) return;
    if (this.#isKnown()) {
      this.#settleNext();
      if (this.$isGone) this.$ended();
    } else if (this.document.$isJoined) this.#tell();
  }

  /** @internal The connection has gone, and with it the service's state. */
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

  /** @internal Stops sending. */
  $drop(error?: unknown): void {
    this.$isGone = true;
    this.#settleAll(error);
  }

  /** @internal The cursor is gone; with an error if the service refused it. */
  abstract $ended(error?: unknown): void;

  #change(apply: () => void): Promise<null> {
    if (this.$isGone) {
      const { promise, reject } = this.#defer();
      // The service would answer this.
      reject(new RpcError('No such cursor'));
      return promise;
    }
    apply();
    const changed = this.$wait();
    this.$flush();
    return changed;
  }

  #set({ position = this.position, status = this.status }: Given): void {
    // Copied as JSON, as others will see it: a date becomes a text, and later
    // changes of the object have no effect.
    const state = { position: jsonOf(position), status: jsonOf(status) };
    this.#keys = {
      position: canonicalKey(state.position),
      status: canonicalKey(state.status),
    };
    Object.assign(this, state);
  }

  /** Whether nothing needs to be sent. */
  #isKnown(): boolean {
    const known = this.#known;
    const keys = this.#keys;
    if (this.$isGone || !known) return this.$isGone && !known;
    return known.position === keys.position && known.status === keys.status;
  }

  /** Sends the present state. */
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
        // Ignored if it was settled before, because the connection or document
        // has gone.
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
          // A call that timed out may have created the cursor all the same.
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
    // A page that follows a mouse does not handle each answer.
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
