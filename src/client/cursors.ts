import { isJsonObject, type JsonValue } from '../protocol/json.js';
import type { RpcNotification } from '../protocol/rpc.js';
import type { CallOptions } from './call-options.js';
import {
  CursorDocument,
  isCursorData,
  type CursorData,
  type CursorService,
  type ForeignCursor,
  type OwnCursor,
} from './cursors-document.js';
import type { ConnectorError } from './errors.js';
import { Renewals } from './renewals.js';
import { RPCService } from './rpc-service.js';
import type { Signal } from './signal.js';

/** A document: any JSON. */
interface DocumentParams {
  readonly document: JsonValue;
}

/**
 * The connector of the cursors service.
 *
 * Documents and one's own cursors outlive the connection: on the next one they
 * are joined and created again, with the state that they have then. Signals tell
 * what others have changed meanwhile.
 *
 * @example
 * const { cursors } = snorky.services;
 * cursors.cursorUpdated.add((cursor) => draw(cursor.owner, cursor.position));
 * const page = await cursors.join({ document: 'page' });
 * const mine = page.createCursor({ position: { x: 0, y: 0 } });
 * onpointermove = ({ x, y }) => void mine.update({ position: { x, y } });
 */
export class Cursors extends RPCService implements CursorService {
  /** Dispatched when somebody else has created a cursor. */
  declare readonly cursorAdded: Signal<[ForeignCursor]>;
  /** Dispatched with somebody else's cursor, as it is now. */
  declare readonly cursorUpdated: Signal<[ForeignCursor]>;
  /** Dispatched with somebody else's cursor that is in its document no more. */
  declare readonly cursorRemoved: Signal<[ForeignCursor]>;
  /**
   * Dispatched with an own cursor and the error when the service did not take
   * it. It is in its document no more.
   */
  declare readonly cursorRefused: Signal<[cursor: OwnCursor, error: unknown]>;
  /**
   * Dispatched with a document after a reconnection, when it is up to date and
   * own cursors are being created again.
   */
  declare readonly rejoined: Signal<[CursorDocument]>;
  /**
   * Dispatched with a document and the error when joining again was refused. Its
   * own cursors are gone, and nothing will change in it any more.
   */
  declare readonly left: Signal<[document: CursorDocument, error: unknown]>;
  declare private documents: Renewals<JsonValue, CursorDocument>;
  declare private handles: number;

  /**
   * Joins a document, until `leave`. If the connection is lost before the
   * answer, it is sent again.
   */
  join(
    { document }: DocumentParams,
    options?: CallOptions,
  ): Promise<CursorDocument> {
    return this.documents.enter(document, options);
  }

  /**
   * Leaves a document: one's own cursors in it are gone at once. Without a
   * connection there is nothing to be sent.
   */
  leave({ document }: DocumentParams, options?: CallOptions): Promise<null> {
    return this.documents.leave(document, options);
  }

  /** A document that is joined, by its name. */
  getDocument(name: JsonValue): CursorDocument | undefined {
    const document = this.documents.get(name);
    return document?.isLeft === false ? document : undefined;
  }

  /** @internal */
  override $setUp(): void {
    super.$setUp();
    const { Signal } = this.snorky;
    this.handles = 0;
    Object.assign(this, {
      cursorAdded: new Signal<[ForeignCursor]>(),
      cursorUpdated: new Signal<[ForeignCursor]>(),
      cursorRemoved: new Signal<[ForeignCursor]>(),
      cursorRefused: new Signal<[OwnCursor, unknown]>(),
      rejoined: new Signal<[CursorDocument]>(),
      left: new Signal<[CursorDocument, unknown]>(),
    });
    this.documents = new Renewals<JsonValue, CursorDocument>(this, {
      enter: 'join',
      leave: 'leave',
      params: (document) => ({ document }),
      entered: (name, result) => {
        const { signal } = this.documents.connection;
        return new CursorDocument(name, this, signal, this.cursorsOf(result));
      },
      renewed: (_name, result, document) => {
        const { signal } = this.documents.connection;
        document.$rejoined(this.cursorsOf(result), signal);
        this.rejoined.dispatch(document);
      },
      ended: (_name, error, document) => {
        document.$drop(error);
        this.left.dispatch(document, error);
      },
      left: (document) => document.$drop(),
    });
    this.notificationReceived.add((notification) => {
      // After the answers that came before it, whose promises take a turn:
      // they say which documents there are.
      void new this.snorky.Promise<void>((resolve) => resolve()).then(() => {
        this.onNotification(notification);
      });
    });
  }

  /** @internal */
  override $connected(): void {
    this.documents.renew();
  }

  /** @internal */
  override $lost(error: ConnectorError, final: boolean): void {
    // First, so that calls which are rejected now find it so.
    this.documents.connection.abort();
    super.$lost(error, final);
    for (const { kept } of this.documents.entries.values()) {
      kept.$lost(error, final);
    }
  }

  /** @internal */
  $nextHandle(): number {
    return this.handles++;
  }

  private cursorsOf(result: JsonValue): readonly CursorData[] {
    const cursors: unknown = isJsonObject(result) ? result['cursors'] : result;
    if (Array.isArray(cursors) && cursors.every(isCursorData)) return cursors;
    this.$strange('an unknown list of cursors', result);
    return [];
  }

  private onNotification(notification: RpcNotification): void {
    const { type, cursor } = notification;
    const name = isJsonObject(cursor) ? cursor['document'] : undefined;
    const document = name === undefined ? undefined : this.documents.get(name);
    if (document?.isLeft === true) return;
    if (document !== undefined && isJsonObject(cursor)) {
      if (type === 'cursorAdded' || type === 'cursorUpdated') {
        if (isCursorData(cursor)) {
          document.$changed(cursor);
          return;
        }
      } else if (type === 'cursorRemoved') {
        if (document.$removed(cursor['publicHandle'] as number)) return;
      }
    }
    this.$strange('an unknown notification', notification);
  }
}
