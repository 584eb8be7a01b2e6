import { canonicalKey, type JsonValue } from '../protocol/json.js';
import { ConnectorError, RpcError } from './errors.js';
import type { RPCService } from './rpc-service.js';

/** What a cursor shows: any JSON. */
export interface CursorState {
  readonly position: JsonValue;
  readonly status: JsonValue;
}

/** Where a cursor is. */
export interface Place {
  /** What the service calls the document. */
  readonly name: JsonValue;
  /** @internal */
  readonly $service: Pick<RPCService, 'snorky' | 'rpcCall'> & {
    /** Handles that are used once. */
    $nextHandle(): number;
  };
  /** @internal The connection it is joined on: aborted when that ends. */
  readonly $connection: AbortSignal | undefined;
}

/** Canonical keys: who changes an object changes no key. */
type Keys = Readonly<Record<keyof CursorState, string>>;

interface Request {
  readonly command: 'createCursor' | 'updateCursor' | 'removeCursor';
  readonly params: object;
  /** What the service has afterwards. */
  readonly after?: Keys;
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
  readonly position!: JsonValue;
  readonly status!: JsonValue;
  /** What others know it by: undefined until the service, too, has it. */
  readonly publicHandle: number | undefined;
  private keys!: Keys;
  /** What the service has; undefined while it has no such cursor. */
  private known: Partial<Keys> | undefined;
  /** Removed, refused, or its document was left. */
  private gone = false;
  private calling = false;
  /** For the answer to the call that is on its way. */
  private sent: Waiting | undefined;
  /** For the answer to the call after that. */
  private next: Waiting | undefined;

  private readonly privateHandle: number;

  /** @internal */
  constructor(
    readonly document: Place,
    state: CursorState,
  ) {
    this.set(state);
    this.privateHandle = document.$service.$nextHandle();
  }

  /** How many promises of this cursor wait for an answer: at most two. */
  get pendingPromiseCount(): number {
    return [this.sent, this.next].filter(Boolean).length;
  }

  /** Whether the service has the cursor as it is here. */
  isSynchronized(): boolean {
    const { known, calling } = this;
    return known !== undefined && !calling && this.request() === undefined;
  }

  /**
   * Changes the cursor, at once. What is the same is not sent; of updates in
   * quick succession only the latest. Without a connection it waits for one.
   *
   * @returns a promise that settles when the service has this state, or one that
   *   is newer. It need not be handled.
   * @throws TypeError when JSON cannot express the position or the status.
   */
  update(changes: Partial<CursorState>): Promise<null> {
    const { position = this.position, status = this.status } = changes;
    if (!this.gone) this.set({ position, status });
    return this.$bring();
  }

  /** Removes the cursor, at once. The promise need not be handled. */
  remove(): Promise<null> {
    if (this.gone) return this.$bring();
    // What was to be told before is of no interest any more.
    this.settle('next');
    const removed = this.wait();
    this.gone = true;
    this.$ended();
    this.$flush();
    return removed;
  }

  /** @internal Settles when the service has this state, or a newer one. */
  $bring(): Promise<null> {
    const brought = this.wait();
    // What the service would say.
    if (this.gone) this.settle('next', new RpcError('No such cursor'));
    else this.$flush();
    return brought;
  }

  /** @internal Sends what the service does not know, one call at a time. */
  $flush(): void {
    if (this.calling) return;
    const request = this.request();
    const connection = this.document.$connection;
    if (request === undefined) this.settle('next');
    else if (connection !== undefined) this.send(request, connection);
  }

  /** @internal The connection has gone, and with it what the service had. */
  $lost(error: unknown, final: boolean): void {
    const { sent, next } = this;
    this.calling = false;
    this.known = undefined;
    this.publish(undefined);
    if (final) {
      this.settle('sent', error);
      this.settle('next', error);
    } else {
      if (next === undefined) this.next = sent;
      else sent?.resolve(next.promise);
      this.sent = undefined;
    }
  }

  /** @internal Nothing is to be sent any more. */
  $drop(error?: unknown): void {
    this.gone = true;
    this.settle('sent', error);
    this.settle('next', error);
  }

  /** @internal It is gone; with an error if the service did not take it. */
  abstract $ended(error?: unknown): void;

  private set(state: CursorState): void {
    this.keys = {
      position: canonicalKey(state.position),
      status: canonicalKey(state.status),
    };
    Object.assign(this, state);
  }

  private publish(handle: number | undefined): void {
    (this as { publicHandle: number | undefined }).publicHandle = handle;
  }

  private request(): Request | undefined {
    const { privateHandle, position, status, keys, known } = this;
    if (this.gone) {
      if (known === undefined) return undefined;
      return { command: 'removeCursor', params: { privateHandle } };
    }
    if (known === undefined) {
      const document = this.document.name;
      const params = { privateHandle, document, position, status };
      return { command: 'createCursor', params, after: keys };
    }
    const newData = {
      ...(keys.position === known.position ? {} : { position }),
      ...(keys.status === known.status ? {} : { status }),
    };
    if (Object.keys(newData).length === 0) return undefined;
    const params = { privateHandle, newData };
    return { command: 'updateCursor', params, after: keys };
  }

  private send(request: Request, connection: AbortSignal): void {
    const { command, params, after } = request;
    this.calling = true;
    this.sent = this.next;
    this.next = undefined;
    const settle = (answered: () => void): void => {
      if (!connection.aborted) {
        this.calling = false;
        answered();
      } else if (this.gone) {
        // The cursor has ended together with the connection.
        this.$drop();
      }
    };
    const { $service } = this.document;
    $service.rpcCall(command, params, { signal: connection }).then(
      (result) => {
        settle(() => {
          this.known = after;
          if (command === 'createCursor') this.publish(result as number);
          this.settle('sent');
          this.$flush();
        });
      },
      (error: unknown) => settle(() => this.failed(command, error)),
    );
  }

  private failed(command: Request['command'], error: unknown): void {
    this.settle('sent', error);
    const creating = command === 'createCursor';
    // What had no answer in time may exist all the same.
    const exists = creating
      ? error instanceof ConnectorError
      : command === 'updateCursor';
    this.known = exists ? {} : undefined;
    if (creating && !this.gone) {
      this.$drop(error);
      this.$ended(error);
    }
    // An update that was refused would be refused again.
    if (this.gone || this.next !== undefined) this.$flush();
  }

  private wait(): Promise<null> {
    if (this.next === undefined) {
      let settle!: Omit<Waiting, 'promise'>;
      const promise = new this.document.$service.snorky.Promise<null>(
        (resolve, reject) => {
          settle = { resolve, reject };
        },
      );
      // Who moves a mouse does not look at each answer.
      promise.catch(() => {});
      this.next = { promise, ...settle };
    }
    return this.next.promise;
  }

  private settle(which: 'sent' | 'next', error?: unknown): void {
    const waiting = this[which];
    this[which] = undefined;
    if (error === undefined) waiting?.resolve(null);
    else waiting?.reject(error);
  }
}
