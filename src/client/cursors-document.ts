import {
  canonicalKey,
  isJsonObject,
  type JsonValue,
} from '../protocol/json.js';
import type { CallOptions } from './call-options.js';
import { SynchronizedCursor, type CursorState } from './cursors-sync.js';
import { RpcError } from './errors.js';
import type { RPCService } from './rpc-service.js';
import type { Signal } from './signal.js';

/** A cursor in a document: one's own, or somebody else's. */
export type Cursor = OwnCursor | ForeignCursor;

/** A cursor as the service tells it. */
export interface CursorData extends CursorState {
  readonly publicHandle: number;
  readonly document: JsonValue;
  readonly owner: JsonValue;
}

/** What documents and cursors use of the connector. */
export interface CursorService extends Pick<RPCService, 'snorky' | 'rpcCall'> {
  readonly cursorAdded: Signal<[ForeignCursor]>;
  readonly cursorUpdated: Signal<[ForeignCursor]>;
  readonly cursorRemoved: Signal<[ForeignCursor]>;
  readonly cursorRefused: Signal<[OwnCursor, unknown]>;
  leave(
    params: { readonly document: JsonValue },
    options?: CallOptions,
  ): Promise<null>;
  /** @internal Handles that are used once. */
  $nextHandle(): number;
}

/** A document that is joined, and the cursors in it. */
export class CursorDocument {
  /** Whether it was left, or joining it again was refused. */
  readonly isLeft: boolean = false;
  private readonly own = new Set<OwnCursor>();
  private readonly foreign = new Map<number, ForeignCursor>();

  /** @internal */
  constructor(
    /** What the service calls it: any JSON. */
    readonly name: JsonValue,
    /** @internal */
    readonly $service: CursorService,
    private connection: AbortSignal,
    cursors: readonly CursorData[],
  ) {
    for (const data of cursors) this.put(data);
  }

  /** @internal */
  get $connection(): AbortSignal | undefined {
    const { isLeft, connection } = this;
    return isLeft || connection.aborted ? undefined : connection;
  }

  /** The cursors in it: first one's own. */
  get cursors(): readonly Cursor[] {
    return [...this.own, ...this.foreign.values()];
  }

  /**
   * Creates a cursor. It is there at once; the service learns of it, now or with
   * the next connection. Should it refuse, `cursorRefused` tells.
   *
   * @throws TypeError when JSON cannot express the position or the status.
   */
  createCursor(state: Partial<CursorState> = {}): OwnCursor {
    const { position = null, status = null } = state;
    const cursor = new OwnCursor(this, { position, status }, () => {
      this.own.delete(cursor);
    });
    if (this.isLeft) cursor.$drop(new RpcError('Not joined'));
    else this.own.add(cursor);
    return cursor;
  }

  /** Leaves the document. One's own cursors in it are gone at once. */
  leave(options?: CallOptions): Promise<null> {
    return this.$service.leave({ document: this.name }, options);
  }

  /** @internal It is joined again, and this is what the service has now. */
  $rejoined(cursors: readonly CursorData[], connection: AbortSignal): void {
    this.connection = connection;
    const there = new Set(cursors.map(({ publicHandle }) => publicHandle));
    for (const handle of [...this.foreign.keys()]) {
      if (!there.has(handle)) this.$removed(handle);
    }
    for (const data of cursors) {
      const cursor = this.foreign.get(data.publicHandle);
      if (cursor?.$shows(data) !== true) this.$changed(data);
    }
    for (const cursor of this.own) cursor.$flush();
  }

  /** @internal Somebody else's cursor is new, or has changed. */
  $changed(data: CursorData): void {
    const { cursorAdded, cursorUpdated } = this.$service;
    const known = this.foreign.has(data.publicHandle);
    (known ? cursorUpdated : cursorAdded).dispatch(this.put(data));
  }

  /** @internal Answers whether there was such a cursor. */
  $removed(handle: number): boolean {
    const cursor = this.foreign.get(handle);
    if (cursor === undefined) return false;
    this.foreign.delete(handle);
    this.$service.cursorRemoved.dispatch(cursor);
    return true;
  }

  /** @internal */
  $lost(error: unknown, final: boolean): void {
    for (const cursor of this.own) cursor.$lost(error, final);
  }

  /** @internal It was left; `error` is why, if nobody wanted that. */
  $drop(error?: unknown): void {
    (this as { isLeft: boolean }).isLeft = true;
    for (const cursor of this.own) cursor.$drop(error);
    this.own.clear();
  }

  private put(data: CursorData): ForeignCursor {
    const { publicHandle } = data;
    const known = this.foreign.get(publicHandle);
    const cursor = known ?? new ForeignCursor(publicHandle, this);
    this.foreign.set(publicHandle, cursor);
    cursor.$take(data);
    return cursor;
  }
}

/** A cursor that was created here. */
export class OwnCursor extends SynchronizedCursor {
  /**
   * Settles when the service has the cursor. It need not be handled.
   *
   * Rejected when the service refuses; also when nobody will come back after a
   * loss of the connection, though `connect()` will create it all the same.
   */
  readonly created: Promise<OwnCursor>;
  declare readonly document: CursorDocument;

  /** @internal */
  constructor(
    document: CursorDocument,
    state: CursorState,
    private readonly unlist: () => void,
  ) {
    super(document, state);
    this.created = this.$bring().then(() => {
      // It was removed before it was sent.
      if (this.publicHandle === undefined) throw new RpcError('No such cursor');
      return this;
    });
    this.created.catch(() => {});
  }

  /** @internal */
  override $ended(error?: unknown): void {
    this.unlist();
    if (error === undefined) return;
    this.document.$service.cursorRefused.dispatch(this, error);
  }
}

/** Somebody else's cursor; also one of the same person, of another connection. */
export class ForeignCursor {
  readonly position!: JsonValue;
  readonly status!: JsonValue;
  /** The identity of whoever has created it. */
  readonly owner!: JsonValue;

  /** @internal */
  constructor(
    readonly publicHandle: number,
    readonly document: CursorDocument,
  ) {}

  /** @internal */
  $take({ position, status, owner }: CursorData): void {
    Object.assign(this, { position, status, owner });
  }

  /** @internal */
  $shows({ position, status, owner }: CursorData): boolean {
    const key = canonicalKey([this.position, this.status, this.owner]);
    return key === canonicalKey([position, status, owner]);
  }
}

/** Whether the service has sent a whole cursor. */
export function isCursorData(value: unknown): value is CursorData {
  return (
    isJsonObject(value) &&
    typeof value['publicHandle'] === 'number' &&
    ['document', 'position', 'status', 'owner'].every((name) => name in value)
  );
}
