import type { ConnectorError, RpcError } from '../errors.js';

/** Any function. */
export type AnyFunction = (...args: never[]) => unknown;

/** What was called, and where in the page. */
export interface CallSite {
  readonly service: string;
  readonly command: string;
  /** As text it is made when it is asked for, which it is for errors only. */
  readonly stack?: string;
}

interface Capturing {
  captureStackTrace?(target: object, above: AnyFunction): void;
}

/**
 * Notes where a call was made: when it fails, the caller is no longer on the
 * stack.
 *
 * @param above The connector's function that the page has called.
 */
export function callSite(
  service: string,
  command: string,
  above: AnyFunction,
): CallSite {
  const site = { service, command };
  // Not every engine has it.
  (Error as Capturing).captureStackTrace?.(site, above);
  return site;
}

/** An error that says what was called, and begins where that was done. */
export function located<E extends ConnectorError | RpcError>(
  error: E,
  site: CallSite,
): E {
  const { stack = error.stack } = site;
  // Only where engines put a head before the lines there is one to be replaced.
  const lines = stack?.replace(/^Error:? *(?=\n|$)/, () => String(error));
  return Object.assign(error, site, { stack: lines });
}
