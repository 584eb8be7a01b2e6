/**
 * Everything but a service's own error that can end a call or a live
 * collection, by its stable code. Each sentence says what to do.
 */
const CONNECTOR_ERRORS = {
  SNORKY_CONNECTION_LOST: () =>
    'The connection was lost before the answer came, so it is unknown whether ' +
    'the command ran. If running it twice does no harm, call it with ' +
    '{ repeat: true }: it then waits for the next connection.',
  SNORKY_DISCONNECTED: () =>
    'disconnect() was called before the answer came. Call connect() to go on.',
  SNORKY_STOPPED: (why: string) =>
    `There is no connection and none will be tried: ${why}. Remove the cause, ` +
    'then call connect().',
  SNORKY_TIMEOUT: (what: string, milliseconds: number) =>
    `${what} had no answer within ${milliseconds} ms. Give it more time with ` +
    'the option `timeout`; 0 waits for ever.',
  SNORKY_QUEUE_FULL: (what: string) =>
    `${what} cannot wait for a connection: too much is waiting already. Look ` +
    'at `state` before sending, or raise the option `queue`.',
  SNORKY_CLOSED: () => 'close() was called before the rows were there.',
  SNORKY_FETCH_FAILED: (url: string, problem: string) =>
    `${url} cannot be fetched: ${problem}.`,
  SNORKY_BODY_UNEXPECTED: (url: string, expected: string) =>
    `${url} did not answer ${expected}. If the rows are inside of something, ` +
    'say where with the option `rows`.',
  SNORKY_TOKEN_MISSING: (url: string) =>
    `${url} answered without the header X-Subscription-Token, so its rows will ` +
    'not follow changes. Decorate the handler with @Subscribable(); if it is ' +
    'of another origin, its answers must expose the header.',
} as const;

type ConnectorErrors = typeof CONNECTOR_ERRORS;

/** The stable code of a {@link ConnectorError}. */
export type ConnectorErrorCode = keyof ConnectorErrors;

/** A call or a live collection failed, and it was not the service that said so. */
export class ConnectorError extends Error {
  constructor(
    readonly code: ConnectorErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'ConnectorError';
  }
}

/** @internal */
export function connectorError<Code extends ConnectorErrorCode>(
  code: Code,
  ...details: Parameters<ConnectorErrors[Code]>
): ConnectorError {
  const describe = CONNECTOR_ERRORS[code] as (...details: unknown[]) => string;
  return new ConnectorError(code, describe(...details));
}

/**
 * The service answered a call with an error. `message` is what it said, such as
 * `Not authorized`; for one that is no text, it is that value as JSON.
 */
export class RpcError extends Error {
  constructor(
    /** What the service signalled: normally a sentence, but any JSON. */
    readonly value: unknown,
  ) {
    super(typeof value === 'string' ? value : JSON.stringify(value));
    this.name = 'RpcError';
  }
}
