import type { IncomingMessage } from 'node:http';

/** Whether a body comes after the head of a request. */
export function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'] ?? '0';
  return headers['transfer-encoding'] !== undefined || Number(length) !== 0;
}
