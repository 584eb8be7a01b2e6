import type {
  IncomingMessage,
  OutgoingHttpHeaders,
  ServerResponse,
} from 'node:http';

/** The time for which the rest of a refused body is read, in milliseconds. */
const LINGER = 2000;

/**
 * Refuses a body while its rest is still on its way. Closing at once would
 * reset the connection of a caller that is writing and has not read the answer.
 * So the answer is sent first, and the rest is read and dropped for a while.
 */
export function refuseTooLarge(
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const message = 'The body is too large';
  const text = JSON.stringify({ statusCode: 413, message });
  response.writeHead(413, { ...jsonHeaders(text), Connection: 'close' });
  response.write(text);
  const end = (): void => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(end, LINGER);
  request.once('end', end).once('close', end).resume();
}

/** Answers with JSON; does nothing if there is an answer already. */
export function sendJson(
  response: ServerResponse,
  status: number,
  text: string,
): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, jsonHeaders(text));
  response.end(text);
}

function jsonHeaders(text: string): OutgoingHttpHeaders {
  return {
    'Content-Type': 'application/json; charset=UTF-8',
    'Content-Length': Buffer.byteLength(text),
  };
}
