import {
  canonicalKey,
  isJsonObject,
  type JsonValue,
} from '../../protocol/json.js';
import type { AsJson } from '../../protocol/json-input.js';
import type { Identity } from '../../protocol/snorky-types.js';
import type { CallOptions } from '../calls/call-options.js';
import { SynchronizedCursor } from './cursors-sync.js';
import type {
  CursorCalls,
  CursorInput,
  CursorState,
  Given,
} from './cursor-state.js';
import { RpcError } from '../errors.js';
import type { Signal } from '../signal.js';

/** A cursor in a document: one's own, or somebody else's. */
export type Cursor = OwnCursor | ForeignCursor;

/** A cursor as the service tells it. */
export interface CursorData extends CursorState {
  readonly publicHandle: number;
  readonly document: JsonValue;
  readonly owner: Identity;
}

/** What documents and cursors use of the connector. */
export interface CursorService extends CursorCalls {
  readonly cursorAdded: Signal<[ForeignCursor]>;
  readonly cursorUpdated: Signal<[ForeignCursor]>;
  readonly cursorRemoved: Signal<[ForeignCursor]>;
  readonly cursorRefused: Signal<[OwnCursor, unknown]>;
  leave<Name>(
    params: { readonly document: AsJson<Name> },
    options?: CallOptions,
  ): Promise<null>;
}

/** A document that is joined, and the cursors in it. */
export class CursorDocument {
  /** Whether it was left, or joining it again was refused. */
  readonly isLeft: boolean = false;
  /** @internal Whether it is, on this connection. */
  $isJoined = true;
  /** @internal Those that are gone, too, until the service knows it. */
  readonly $own = new Set<OwnCursor>();
  readonly #foreign = new Map<unknown, ForeignCursor>();

  /** @internal */
  constructor(
    /** What the service calls it: any JSON. */
    readonly name: JsonValue,
    /** @internal */
    readonly $service: CursorService,
    cursors: readonly CursorData[],
  ) {
    for (const data of cursors) this.#put(data);
  }

  /** The cursors in it: first one's own. */
  get cursors(): readonly Cursor[] {
    const own = [...this.$own].filter(({ $isGone }) => !$isGone);
    return [...own, ...this.#foreign.values()];
  }

  /**
   * Creates a cursor. It is there at once; the service learns of it, now or with
   * the next connection. Should it refuse, `cursorRefused` tells.
   *
   * @throws TypeError when JSON cannot express the position or the status.
   */
  createCursor<Position, Status>(
    state: CursorInput<Position, Status> = {},
  ): OwnCursor {
    const cursor = new OwnCursor(this, state);
    this.$own.add(cursor);
    if (this.isLeft) cursor.$drop(new RpcError('Not joined'));
    cursor.$flush();
    return cursor;
  }

  /** Leaves the document. One's own cursors in it are gone at once. */
  leave(options?: CallOptions): Promise<null> {
    return this.$service.leave({ document: this.name }, options);
  }

  /** @internal It is joined again, and this is what the service has now. */
  $rejoined(cursors: readonly CursorData[]): void {
    this.$isJoined = true;
    const there = new Set<unknown>(cursors.map((data) => data.publicHandle));
    for (const handle of this.#foreign.keys()) {
      if (!there.has(handle)) this.$removed(handle);
    }
    for (const data of cursors) {
      const known = this.#foreign.get(data.publicHandle);
      if (look(known) !== look(data)) this.$changed(data);
    }
    for (const cursor of this.$own) cursor.$flush();
  }

  /** @internal Somebody else's cursor is new, or has changed. */
  $changed(data: CursorData): void {
    const { cursorAdded, cursorUpdated } = this.$service;
    const known = this.#foreign.has(data.publicHandle);
    (known ? cursorUpdated : cursorAdded).dispatch(this.#put(data));
  }

  /** @internal Answers whether there was such a cursor. */
  $removed(handle: unknown): boolean {
    const cursor = this.#foreign.get(handle);
    if (!cursor) return false;
    this.#foreign.delete(handle);
    this.$service.cursorRemoved.dispatch(cursor);
    return true;
  }

  /** @internal */
  $lost(error: unknown, final: boolean): void {
    this.$isJoined = false;
    for (const cursor of this.$own) cursor.$lost(error, final);
  }

  /** @internal It was left; `error` is why, if nobody wanted that. */
  $drop(error?: unknown): void {
    (this as { isLeft: boolean }).isLeft = true;
    this.$isJoined = false;
    for (const cursor of this.$own) cursor.$drop(error);
    this.$own.clear();
  }

  #put(data: CursorData): ForeignCursor {
    const known = this.#foreign.get(data.publicHandle);
    const cursor = known ?? new ForeignCursor();
    this.#foreign.set(data.publicHandle, cursor);
    return Object.assign(cursor, data, { document: this });
  }
}

/** A cursor that was created here. */
export class OwnCursor extends SynchronizedCursor {
  /**
   * Settles when the service has the cursor. It need not be handled.
   *
   * Rejected when the service refuses, or when the cursor was removed first;
   * also when nobody will come back after a loss of the connection, though
   * `connect()` will create it all the same.
   */
  readonly created: Promise<OwnCursor>;
  declare readonly document: CursorDocument;

  /** @internal */
  constructor(document: CursorDocument, state: Given) {
    super(document, state);
    this.created = this.$wait().then(() => {
      if (this.$isGone) throw new RpcError('No such cursor');
      return this;
    });
    this.created.catch(() => {});
  }

  /** @internal */
  override $ended(error?: unknown): void {
    this.document.$own.delete(this);
    if (error) this.document.$service.cursorRefused.dispatch(this, error);
  }
}

/** Somebody else's cursor; also one of the same person, of another connection. */
export class ForeignCursor {
  declare readonly publicHandle: number;
  declare readonly document: CursorDocument;
  declare readonly position: JsonValue;
  declare readonly status: JsonValue;
  /** The identity of its creator. */
  declare readonly owner: Identity;
}

/** What a cursor shows, to be compared. */
function look(cursor?: ForeignCursor | CursorData): string {
  const { position, status, owner } = cursor ?? ({} as CursorData);
  return canonicalKey([position, status, owner as JsonValue]);
}

/** Whether the service has sent a whole cursor. */
export function isCursorData(value: unknown): value is CursorData {
  return (
    isJsonObject(value) &&
    typeof value['publicHandle'] === 'number' &&
    ['position', 'status', 'owner'].every((name) => name in value)
  );
}
