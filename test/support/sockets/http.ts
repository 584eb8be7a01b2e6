import { once } from 'node:events';
import {
  request,
  type Agent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
} from 'node:http';
import { connect } from 'node:net';

/** What is sent. */
export interface HttpRequest {
  /** @default 'POST' */
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  /** Several chunks are sent chunked. */
  readonly body?: string | Buffer | readonly (string | Buffer)[];
  readonly agent?: Agent;
}

/** What came back. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Sends one HTTP request as it is told, and nothing of its own. */
export async function send(
  url: string,
  { method = 'POST', headers = {}, body = '', agent }: HttpRequest = {},
): Promise<HttpAnswer> {
  const outgoing = request(url, { method, headers, ...(agent && { agent }) });
  const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>;
  if (typeof body === 'string' || Buffer.isBuffer(body)) {
    // Node adds it only to methods that usually have a body.
    const length = Buffer.byteLength(body);
    if (length > 0) outgoing.setHeader('Content-Length', length);
    outgoing.end(body);
  } else {
    for (const chunk of body) outgoing.write(chunk);
    outgoing.end();
  }
  const [incoming] = await answered;
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return {
    status: incoming.statusCode ?? 0,
    headers: incoming.headers,
    text: Buffer.concat(chunks).toString(),
  };
}

/**
 * Sends bytes over a connection of their own, and gives all that comes back
 * until what was heard is enough, or the connection ends.
 */
export async function speak(
  port: number,
  bytes: string | Buffer,
  enough: (heard: string) => boolean = () => false,
): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(bytes);
  let heard = '';
  for await (const chunk of socket) {
    heard += String(chunk);
    if (enough(heard)) break;
  }
  socket.destroy();
  return heard;
}
