import type { ConnectorError, RpcError } from '../errors.js';

/** Any function. */
export type AnyFunction = (...args: never[]) => unknown;

/** What was called, and where in the page. */
export interface CallSite {
  readonly service: string;
  readonly command: string;
  /** The text is made when it is read, which happens only for errors. */
  readonly stack?: string;
}

interface Capturing {
  captureStackTrace?(target: object, above: AnyFunction): void;
}

/**
 * Notes where a call was made. When the call fails, its caller is no longer on
 * the stack.
 *
 * @param above The connector's function that the page has called.
 */
export function callSite(
  service: string,
  command: string,
  above: AnyFunction,
): CallSite {
  const site = { service, command };
  // Not every engine has this function.
  (Error as Capturing).captureStackTrace?.(site, above);
  return site;
}

/** Makes an error name what was called, and its stack begin at the call. */
export function located<E extends ConnectorError | RpcError>(
  error: E,
  site: CallSite,
): E {
  const { stack = error.stack } = site;
  // Only some engines put a head before the lines of a stack: only there it is
  // replaced.
  const lines = stack?.replace(/^Error:? *(?=\n|$)/, () => String(error));
  return Object.assign(error, site, { stack: lines });
}
