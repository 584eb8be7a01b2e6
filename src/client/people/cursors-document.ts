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

/** A cursor in a document: an own one, or somebody else's. */
export type Cursor = OwnCursor | ForeignCursor;

/** A cursor as the service sends it. */
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

/** A joined document, and the cursors in it. */
export class CursorDocument {
  /** Whether it was left, or joining it again was refused. */
  readonly isLeft: boolean = false;
  /** @internal Whether the document is joined on this connection. */
  $isJoined = true;
  /** @internal Own cursors, and removed ones until the service knows it. */
  readonly $own = new Set<OwnCursor>();
  readonly #foreign = new Map<unknown, ForeignCursor>();

  /** @internal */
  constructor(
    /** The name of the document in the service: any JSON. */
    readonly name: JsonValue,
    /** @internal */
    readonly $service: CursorService,
    cursors: readonly CursorData[],
  ) {
    for (const data of cursors) this.#put(data);
  }

  /** The cursors in the document, own ones first. */
  get cursors(): readonly Cursor[] {
    const own = [...this.$own].filter(({ $isGone }) => !$isGone);
    return [...own, ...this.#foreign.values()];
  }

  /**
   * Creates a cursor. It is in the document at once. The service learns of it
   * now, or with the next connection. If the service refuses it,
   * `cursorRefused` is dispatched.
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

  /** Leaves the document. Own cursors in it are removed at once. */
  leave(options?: CallOptions): Promise<null> {
    return this.$service.leave({ document: this.name }, options);
  }

  /**
   * @internal The document was joined again, with these cursors in the service.
   */
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

  /** @internal Removes a foreign cursor. Answers whether there was one. */
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

  /**
   * @internal The document was left; `error` says why, if it was not on
   * purpose.
   */
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
   * Resolves when the service has the cursor. A rejection need not be handled.
   *
   * It is rejected when the service refuses the cursor, when the cursor is
   * removed before, and when the connection is lost for good. In the last case,
   * `connect()` still creates the cursor.
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

/** A cursor of somebody else, or of another connection of the same identity. */
export class ForeignCursor {
  declare readonly publicHandle: number;
  declare readonly document: CursorDocument;
  declare readonly position: JsonValue;
  declare readonly status: JsonValue;
  /** The identity of its creator. */
  declare readonly owner: Identity;
}

/** The state of a cursor, as a text to compare. */
function look(cursor?: ForeignCursor | CursorData): string {
  const { position, status, owner } = cursor ?? ({} as CursorData);
  return canonicalKey([position, status, owner as JsonValue]);
}

/** Whether the service has sent a complete cursor. */
export function isCursorData(value: unknown): value is CursorData {
  return (
    isJsonObject(value) &&
    typeof value['publicHandle'] === 'number' &&
    ['position', 'status', 'owner'].every((name) => name in value)
  );
}
