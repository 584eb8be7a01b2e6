import { expect } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { ClientOptions } from 'ws';
import { TestSocket } from '../sockets/socket.js';

/**
 * A well-behaved connection: calls, publishes and checks every answer and its
 * order, for as long as others do what they like to the server.
 */
export class Witness implements AsyncDisposable {
  /** Rounds without a fault. */
  rounds = 0;
  private readonly channel = `witness ${randomUUID()}`;
  private stopped = false;
  private running: Promise<void> = Promise.resolve();

  private constructor(private readonly socket: TestSocket) {}

  static async start(
    url: string,
    options: ClientOptions = {},
  ): Promise<Witness> {
    const witness = new Witness(await TestSocket.connect(url, options));
    const { channel, socket } = witness;
    const answer = await socket.call('pubsub', 'subscribe', { channel });
    expect(answer).toMatchObject({ type: 'response', data: null });
    witness.running = witness.run();
    witness.running.catch(() => {});
    return witness;
  }

  /** Rejects with what went wrong, if anything did. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
    expect(this.socket.unread).toEqual([]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stopped = true;
    await this.socket[Symbol.asyncDispose]();
  }

  private async run(): Promise<void> {
    const { channel, socket } = this;
    while (!this.stopped) {
      const n = this.rounds;
      const sum = { a: n, b: 1 };
      socket.send('calc', { command: 'sum', params: sum, callId: `sum ${n}` });
      socket.send('pubsub', {
        command: 'publish',
        params: { channel, message: n },
        callId: `publish ${n}`,
      });
      socket.send('calc', {
        command: 'guarded',
        params: { value: n },
        callId: `guarded ${n}`,
      });
      socket.send('calc', { command: 'no', params: {}, callId: `no ${n}` });
      const got: unknown[] = [];
      while (got.length < 5) got.push(await socket.next());
      expect(got).toEqual([
        {
          service: 'calc',
          message: { type: 'response', callId: `sum ${n}`, data: n + 1 },
        },
        {
          service: 'pubsub',
          message: { type: 'message', channel, message: n },
        },
        {
          service: 'pubsub',
          message: { type: 'response', callId: `publish ${n}`, data: null },
        },
        {
          service: 'calc',
          message: { type: 'response', callId: `guarded ${n}`, data: n },
        },
        {
          service: 'calc',
          message: {
            type: 'error',
            callId: `no ${n}`,
            message: 'Unknown command',
          },
        },
      ]);
      this.rounds++;
    }
  }
}
