import {
  INVALID_PARAMS_CODE,
  type InvalidParamsValue,
} from '../protocol/errors.js';
import { isJsonObject } from '../protocol/json.js';

// All errors that can end a call or a live collection, except those of
// services, by their stable codes. Each sentence says what to do. Errors of
// live collections have a table of their own: a bundler can leave out only
// whole tables.

const CONNECTOR_ERRORS = {
  SNORKY_CONNECTION_LOST: () =>
    'The connection was lost: it may have run (`repeat`).',
  SNORKY_DISCONNECTED: () => 'disconnect() was called.',
  SNORKY_STOPPED: (why: string) =>
    `No connection is tried: ${why}. connect() tries again.`,
  SNORKY_TIMEOUT: (what: string, milliseconds: number) =>
    `${what}: no answer within ${milliseconds} ms (\`timeout\`).`,
  SNORKY_QUEUE_FULL: () =>
    'There is no connection, and `queue` allows no more.',
} as const;

const LIVE_ERRORS = {
  SNORKY_CLOSED: () => 'close() was called.',
  SNORKY_FETCH_FAILED: (url: string, problem: string) =>
    `${url} cannot be fetched: ${problem}.`,
  SNORKY_BODY_UNEXPECTED: (url: string, expected: string) =>
    `${url} did not answer ${expected}. See \`rows\` and \`key\`.`,
  SNORKY_TOKEN_MISSING: (url: string) =>
    `${url} answered without X-Subscription-Token. Use @Subscribable(), expose it.`,
  SNORKY_TOKEN_TAKEN: (url: string) =>
    `${url} gave a token of others: a cache answers (service worker?).`,
} as const;

type ConnectorErrors = typeof CONNECTOR_ERRORS;
type LiveErrors = typeof LIVE_ERRORS;

/** The stable code of a {@link ConnectorError}. */
export type ConnectorErrorCode = keyof ConnectorErrors | keyof LiveErrors;

/**
 * A call or a live collection failed, for a reason other than an error of the
 * service.
 */
export class ConnectorError extends Error {
  /**
   * The service that was called; undefined for an error that is not of a call.
   */
  declare readonly service?: string;
  /** The command that was called. */
  declare readonly command?: string;

  constructor(
    readonly code: ConnectorErrorCode,
    message: string,
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
    this.name = 'ConnectorError';
  }
}

/** @internal Makes an error of a table. */
export type MakeError<Table extends ErrorTable> = <Code extends keyof Table>(
  code: Code,
  ...details: Parameters<Table[Code]>
) => ConnectorError;

type ErrorTable = Readonly<Record<string, (...details: never[]) => string>>;

const errorsOf =
  <Table extends ErrorTable>(table: Table): MakeError<Table> =>
  (code, ...details) =>
    new ConnectorError(
      code as ConnectorErrorCode,
      (table[code] as Table[typeof code])(...details),
    );

/** @internal */
export const connectorError: MakeError<ConnectorErrors> =
  /* @__PURE__ */ errorsOf(CONNECTOR_ERRORS);

/** @internal */
export const liveError: MakeError<LiveErrors> =
  /* @__PURE__ */ errorsOf(LIVE_ERRORS);

/**
 * The service answered a call with an error. `message` is the service's text,
 * such as `Not authorized`; if it sent another value, `message` is that value
 * as JSON.
 */
export class RpcError extends Error {
  /** The service that was called. */
  declare readonly service?: string;
  /** The command that was called. */
  declare readonly command?: string;

  constructor(
    /** The value that the service sent: normally a sentence, but any JSON. */
    readonly value: unknown,
  ) {
    super(typeof value === 'string' ? value : JSON.stringify(value));
    this.name = 'RpcError';
  }
}

/**
 * Whether a service has refused the params of a call and says which, so that a
 * form can show it (the server's option `validationErrors: 'expose'`).
 *
 * @example
 * catch (error) {
 *   if (isInvalidParams(error)) show(error.value.fields); // { name: ['...'] }
 * }
 */
export function isInvalidParams(
  error: unknown,
): error is RpcError & { readonly value: InvalidParamsValue } {
  if (!(error instanceof RpcError)) return false;
  const { value } = error;
  return (
    isJsonObject(value) &&
    value['code'] === INVALID_PARAMS_CODE &&
    isJsonObject(value['fields'])
  );
}
