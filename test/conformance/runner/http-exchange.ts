import { Agent, request, type IncomingMessage } from 'node:http';
import { expandText, type HttpRequest } from './case-format.js';
import type { Target } from './target.js';
import { fill, fillText, type Variables } from './variables.js';

/** A response, whole. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Sends the request of a step.
 *
 * @returns The response, or `undefined` when none came in time.
 */
export function exchange(
  spec: HttpRequest,
  target: Target,
  variables: Variables,
  options: { readonly agent: Agent; readonly milliseconds: number },
): Promise<HttpAnswer | undefined> {
  const toSockets = spec.target === 'ws';
  const base = new URL(toSockets ? target.websocket : target.backend);
  const body = bodyOf(spec, variables);
  const outgoing = request({
    agent: options.agent,
    host: base.hostname,
    port: base.port,
    method: spec.method ?? 'POST',
    path: fillText(spec.path ?? (toSockets ? '/ws' : '/backend'), variables),
    headers: headersOf(spec, target, variables, body),
  });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      resolve(undefined);
      outgoing.destroy();
    }, options.milliseconds);
    const settle = (answer: Promise<HttpAnswer>): void => {
      answer.then(resolve, reject).finally(() => clearTimeout(timer));
    };
    outgoing.on('response', (incoming) => settle(read(incoming)));
    outgoing.on('upgrade', (incoming, socket) => {
      settle(Promise.resolve(answerOf(incoming, '')));
      socket.destroy();
    });
    outgoing.on('error', (error) => settle(Promise.reject(error)));
    outgoing.end(body);
  });
}

function bodyOf(spec: HttpRequest, variables: Variables): Buffer | undefined {
  if (spec.bodyBase64 !== undefined) {
    return Buffer.from(spec.bodyBase64, 'base64');
  }
  if (spec.rawBody !== undefined) {
    return Buffer.from(fillText(expandText(spec.rawBody), variables));
  }
  if (spec.body === undefined) return undefined;
  return Buffer.from(JSON.stringify(fill(spec.body, variables)));
}

function headersOf(
  spec: HttpRequest,
  target: Target,
  variables: Variables,
  body: Buffer | undefined,
): Record<string, string> {
  const defaults: Record<string, string> =
    spec.target === 'ws'
      ? {}
      : { 'X-Backend-Key': target.key, 'Content-Type': 'application/json' };
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(spec.headers ?? defaults)) {
    // Header values are bytes: what is not ASCII goes out as UTF-8.
    const bytes = Buffer.from(fillText(value, variables));
    headers[name] = bytes.toString('latin1');
  }
  const names = Object.keys(headers).map((name) => name.toLowerCase());
  const sized =
    names.includes('content-length') || names.includes('transfer-encoding');
  if (body !== undefined && !sized) {
    headers['Content-Length'] = String(body.length);
  }
  return headers;
}

async function read(incoming: IncomingMessage): Promise<HttpAnswer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return answerOf(incoming, Buffer.concat(chunks).toString());
}

function answerOf(incoming: IncomingMessage, body: string): HttpAnswer {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers[name] = [value].flat().join(', ');
  }
  return { status: incoming.statusCode ?? 0, headers, body };
}
