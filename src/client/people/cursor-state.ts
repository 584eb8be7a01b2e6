import type { AsJson } from '../../protocol/json-input.js';
import type { JsonValue } from '../../protocol/json.js';
import type { CallOptions } from '../calls/call-options.js';
import type { Settle } from '../calls/pending-calls.js';
import type { ConnectorHost } from '../connector-host.js';

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

/** The same, where the type does not matter. */
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
