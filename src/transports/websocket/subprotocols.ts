import type { IncomingMessage } from 'node:http';
import { isPromiseLike } from '../../core/promise-like.js';

/**
 * Selects one of the subprotocols that a client offers. Called once the
 * connection is admitted, and only when there is an offer.
 *
 * @param offered In the client's order, each once.
 * @param request The upgrade request, with what guards and middleware left
 *   there.
 * @returns One of `offered`, or undefined for none; browsers then drop the
 *   connection. The answer goes back to the client and into the logs of
 *   proxies: never return the secret of `['snorky', 'bearer.<token>']`. A
 *   function that throws, returns a promise, or returns a name that was not
 *   offered refuses the connection with 500.
 */
export type SelectSubprotocol = (
  offered: readonly string[],
  request: IncomingMessage,
) => string | undefined;

/**
 * The subprotocols that a request offers. An invalid offer is refused later,
 * with the rest of the handshake.
 */
export function offeredSubprotocols({
  headers,
}: IncomingMessage): readonly string[] {
  const offer = headers['sec-websocket-protocol'];
  if (offer === undefined) return [];
  const names = offer.split(',').map((name) => name.trim());
  return names.filter((name) => name !== '');
}

/**
 * Asks the application which subprotocol is selected.
 *
 * @throws TypeError for an answer that is not allowed, and whatever `select`
 *   throws.
 */
export function selectSubprotocol(
  select: SelectSubprotocol | undefined,
  offered: readonly string[],
  request: IncomingMessage,
): string | undefined {
  if (select === undefined || offered.length === 0) return undefined;
  const answer: unknown = select(offered, request);
  if (isPromiseLike(answer)) {
    // Nobody else takes the promise's rejection: it would end the process.
    void Promise.resolve(answer).catch(() => {});
    throw new TypeError(
      'The WebSocket option "subprotocol" answered by a promise. Decide in a ' +
        'guard, leave the decision at the request, and answer at once.',
    );
  }
  // Functions written for `ws` answer false for none.
  if (answer === undefined || answer === null || answer === false) {
    return undefined;
  }
  if (typeof answer === 'string' && offered.includes(answer)) return answer;
  // The message does not quote the answer: that may be a secret.
  throw new TypeError(
    'The WebSocket option "subprotocol" must answer one of the subprotocols ' +
      'that are offered, or undefined.',
  );
}
