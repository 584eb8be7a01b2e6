import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  bodyOf,
  type UpgradeRefused,
} from '../../core/admission/upgrade-refused.js';

/**
 * Whether a request that came to a route offers an upgrade to WebSocket. Node
 * gives it to the routes when nobody listens for upgrades on its server.
 */
export function offersWebSocket({ headers }: IncomingMessage): boolean {
  const { connection = '', upgrade = '' } = headers;
  return /\bupgrade\b/i.test(connection) && /\bwebsocket\b/i.test(upgrade);
}

/** Answers such a request as the endpoint would. */
export function refusePlainly(
  response: ServerResponse,
  refusal: UpgradeRefused,
): void {
  response.shouldKeepAlive = false;
  response.writeHead(refusal.status, {
    'Content-Type': 'application/json; charset=utf-8',
  });
  response.end(bodyOf(refusal));
}

/** Answers a request without an upgrade to the path of an endpoint. */
export function answerNoRoute(
  { method }: IncomingMessage,
  response: ServerResponse,
): void {
  const isGet = method === 'GET';
  response.writeHead(isGet ? 400 : 405, {
    'Content-Type': 'text/plain; charset=utf-8',
    ...(isGet ? {} : { Allow: 'GET' }),
  });
  response.end('This path takes WebSocket connections only.\n');
}
