import type { AsJson } from '../../protocol/json-input.js';
import type { JsonValue } from '../../protocol/json.js';
import type { CallOptions } from '../calls/call-options.js';
import type { Settle } from '../calls/pending-calls.js';
import type { ConnectorHost } from '../connector-host.js';

/** The state of a cursor: any JSON. */
export interface CursorState {
  readonly position: JsonValue;
  readonly status: JsonValue;
}

/** The state that an own cursor is to have: values that become JSON. */
export interface CursorInput<Position, Status> {
  readonly position?: AsJson<Position>;
  readonly status?: AsJson<Status>;
}

/**
 * What a cursor uses of the connector. It is not picked from the connector's
 * class, whose published types have no internal members.
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
  /** @internal The next private handle: each is used only once. */
  $handles: number;
}

/** The state of a cursor where its type does not matter. */
export interface Given {
  readonly position?: unknown;
  readonly status?: unknown;
}

/** The document of a cursor. */
export interface Place {
  /** The name of the document in the service. */
  readonly name: JsonValue;
  /** @internal */
  readonly $service: CursorCalls;
  /** @internal Whether the document is joined on this connection. */
  readonly $isJoined: boolean;
}
