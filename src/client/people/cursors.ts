import { jsonOf } from '../../protocol/envelope.js';
import type { AsJson } from '../../protocol/json-input.js';
import type { JsonValue } from '../../protocol/json.js';
import type { RpcNotification } from '../../protocol/rpc.js';
import type { CallOptions } from '../calls/call-options.js';
import {
  CursorDocument,
  isCursorData,
  type CursorData,
  type CursorService,
  type ForeignCursor,
  type OwnCursor,
} from './cursors-document.js';
import type { ConnectorError } from '../errors.js';
import { RenewingService } from '../calls/renewing-service.js';
import type { Signal } from '../signal.js';

/** The name of a document: any JSON. */
interface DocumentParams {
  readonly document: JsonValue;
}

/**
 * The connector of the cursors service.
 *
 * Documents and own cursors outlive the connection: on the next one they are
 * joined and created again, with the state that they have then. Signals report
 * what others have changed meanwhile.
 *
 * @example
 * const { cursors } = snorky.services;
 * cursors.cursorUpdated.add((cursor) => draw(cursor.owner, cursor.position));
 * const page = await cursors.join({ document: 'page' });
 * const mine = page.createCursor({ position: { x: 0, y: 0 } });
 * onpointermove = ({ x, y }) => void mine.update({ position: { x, y } });
 */
export class Cursors
  extends RenewingService<DocumentParams, JsonValue, CursorDocument>
  implements CursorService
{
  /** Dispatched when somebody else has created a cursor. */
  declare readonly cursorAdded: Signal<[ForeignCursor]>;
  /** Dispatched with somebody else's cursor, as it is now. */
  declare readonly cursorUpdated: Signal<[ForeignCursor]>;
  /**
   * Dispatched with somebody else's cursor that was removed from its document.
   */
  declare readonly cursorRemoved: Signal<[ForeignCursor]>;
  /**
   * Dispatched with an own cursor and the error when the service refused it.
   * The cursor is no longer in its document.
   */
  declare readonly cursorRefused: Signal<[cursor: OwnCursor, error: unknown]>;
  /**
   * Dispatched with a document after a reconnection, when it is up to date and
   * its own cursors are being created again.
   */
  declare readonly rejoined: Signal<[CursorDocument]>;
  /**
   * Dispatched with a document and the error when joining again was refused.
   * Own cursors in it are removed, and it does not change any more.
   */
  declare readonly left: Signal<[document: CursorDocument, error: unknown]>;
  /** @internal The next private handle: each is used only once. */
  declare $handles: number;

  /**
   * Joins a document, until `leave`. If the connection is lost before the
   * answer, the call is sent again.
   */
  join<Name>(
    { document }: { readonly document: AsJson<Name> },
    options?: CallOptions,
  ): Promise<CursorDocument> {
    return this.$enter('join', { document }, options);
  }

  /**
   * Leaves a document: own cursors in it are removed at once. Nothing need be
   * sent without a connection.
   */
  leave<Name>(
    { document }: { readonly document: AsJson<Name> },
    options?: CallOptions,
  ): Promise<null> {
    return this.$leave('leave', { document }, options);
  }

  /** A joined document, by its name. */
  getDocument<Name>(name: AsJson<Name>): CursorDocument | undefined {
    const document = this.$find({ document: jsonOf(name) });
    return document?.isLeft === false ? document : undefined;
  }

  /** @internal */
  override $setUp(): void {
    super.$setUp();
    this.$handles = 0;
    this.$signals(
      'cursorAdded',
      'cursorUpdated',
      'cursorRemoved',
      'cursorRefused',
      'rejoined',
      'left',
    );
  }

  /** @internal */
  override $entered(
    { document }: DocumentParams,
    result: JsonValue,
  ): CursorDocument {
    return new CursorDocument(document, this, this.$cursorsOf(result));
  }

  /** @internal */
  override $renewed(
    _params: DocumentParams,
    result: JsonValue,
    document: CursorDocument,
  ): void {
    document.$rejoined(this.$cursorsOf(result));
    this.rejoined.dispatch(document);
  }

  /** @internal */
  override $ended(
    _params: DocumentParams,
    error: unknown,
    document: CursorDocument,
  ): void {
    document.$drop(error);
    this.left.dispatch(document, error);
  }

  /** @internal */
  override $left(document: CursorDocument): void {
    document.$drop();
  }

  /** @internal */
  override $lost(error: ConnectorError, final: boolean): void {
    // Documents come first: calls that were on their way belong to the next
    // connection.
    for (const { kept } of this.$entries.values()) {
      kept.$lost(error, final);
    }
    super.$lost(error, final);
  }

  private $cursorsOf(result: JsonValue): readonly CursorData[] {
    const { cursors } = Object(result) as { readonly cursors?: unknown };
    if (Array.isArray(cursors) && cursors.every(isCursorData)) return cursors;
    this.$strange('an unknown list of cursors', result);
    return [];
  }

  /** @internal */
  override $heard({ type, cursor }: RpcNotification): boolean {
    const { document: name, publicHandle } = Object(cursor) as CursorData;
    const document = this.$find({ document: name });
    if (!document) return false;
    // The notification was on its way when the document was left.
    if (document.isLeft) return true;
    if (type === 'cursorRemoved') return document.$removed(publicHandle);
    if (type !== 'cursorAdded' && type !== 'cursorUpdated') return false;
    if (!isCursorData(cursor)) return false;
    document.$changed(cursor);
    return true;
  }
}
