import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocket, type ClientOptions } from 'ws';

interface Waiting {
  resolve(message: unknown): void;
  reject(error: Error): void;
}

/** A WebSocket client that keeps what arrives until a test asks for it. */
export class TestSocket implements AsyncDisposable {
  readonly closed: Promise<{ code: number; reason: string }>;
  private readonly arrived: unknown[] = [];
  private readonly waiting: Waiting[] = [];
  private calls = 0;
  private tcp: Socket | undefined;

  private constructor(readonly ws: WebSocket) {
    ws.once('upgrade', ({ socket }: IncomingMessage) => (this.tcp = socket));
    ws.on('message', (data: Buffer) => {
      const message: unknown = JSON.parse(data.toString());
      const waiting = this.waiting.shift();
      if (waiting === undefined) this.arrived.push(message);
      else waiting.resolve(message);
    });
    this.closed = new Promise((resolve) => {
      ws.once('close', (code: number, reason: Buffer) => {
        for (const { reject } of this.waiting.splice(0)) {
          reject(new Error(`The connection was closed with ${code}`));
        }
        resolve({ code, reason: reason.toString() });
      });
    });
    ws.on('error', () => {});
  }

  /** Connects, or rejects with the status of the refusal. */
  static async connect(
    url: string,
    options: ClientOptions = {},
  ): Promise<TestSocket> {
    const ws = new WebSocket(url, { perMessageDeflate: false, ...options });
    const socket = new TestSocket(ws);
    await once(ws, 'open');
    return socket;
  }

  send(service: string, message: unknown): void {
    this.ws.send(JSON.stringify({ service, message }));
  }

  /** Sends several messages in one TCP chunk. */
  sendTogether(
    messages: readonly (readonly [service: string, message: unknown])[],
  ): void {
    this.tcp?.cork();
    for (const [service, message] of messages) this.send(service, message);
    this.tcp?.uncork();
  }

  /** The next message, whatever it is. */
  next(): Promise<unknown> {
    const message = this.arrived.shift();
    if (message !== undefined) return Promise.resolve(message);
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
    });
  }

  /** The `message` of each of the next envelopes. */
  async take(count: number): Promise<unknown[]> {
    const messages: unknown[] = [];
    for (let i = 0; i < count; i++) {
      messages.push(((await this.next()) as { message: unknown }).message);
    }
    return messages;
  }

  /** Messages that arrived and were not asked for. */
  get unread(): readonly unknown[] {
    return this.arrived;
  }

  /** Sends a call, and gives the message of the next envelope. */
  async call(
    service: string,
    command: string,
    params: unknown = {},
  ): Promise<unknown> {
    this.send(service, { command, params, callId: this.calls++ });
    const { message } = (await this.next()) as { message: unknown };
    return message;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.ws.terminate();
    await this.closed;
  }
}

/** The answer to an upgrade request that is refused. Rejects when it is not. */
export async function refusal(
  url: string,
  options: ClientOptions = {},
): Promise<{
  status: number;
  message: string;
  headers: Record<string, string | string[] | undefined>;
}> {
  const ws = new WebSocket(url, { perMessageDeflate: false, ...options });
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    ws.once('unexpected-response', (_request, answer) => resolve(answer));
    ws.on('error', reject);
    ws.once('open', () => {
      ws.terminate();
      reject(new Error('The upgrade was not refused'));
    });
  });
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  const body = text === '' ? {} : (JSON.parse(text) as { message?: string });
  return {
    status: response.statusCode ?? 0,
    message: body.message ?? '',
    headers: response.headers,
  };
}
