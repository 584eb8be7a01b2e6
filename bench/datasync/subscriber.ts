import { once } from 'node:events';
import { WebSocket } from 'ws';

interface Delta {
  readonly data: { readonly n: number; readonly at: number };
}

interface Message {
  readonly type: string;
  readonly callId?: number;
  readonly data?: unknown;
  readonly message?: string;
  readonly delta?: Delta;
  readonly deltas?: readonly Delta[];
  readonly subscription?: string;
  readonly position?: unknown;
}

/**
 * One connection of the load. It acquires subscriptions and checks what
 * arrives.
 */
export class Subscriber {
  received = 0;
  /** The number of the last delta of each subscription; it only grows. */
  private readonly last = new Map<string, number>();
  /** Deltas that came out of order, or twice. */
  wrong = 0;
  position: unknown;
  private calls = 0;
  private readonly answers = new Map<number, (message: Message) => void>();

  private constructor(
    private readonly ws: WebSocket,
    private readonly delay: (milliseconds: number) => void,
  ) {
    ws.on('message', (data: Buffer) => {
      const { message } = JSON.parse(data.toString()) as { message: Message };
      if (message.position !== undefined) this.position = message.position;
      if (message.delta !== undefined) this.take(message.delta);
      else if (message.deltas !== undefined) {
        for (const delta of message.deltas) {
          this.take(delta, message.subscription);
        }
      } else if (message.callId !== undefined) {
        this.answers.get(message.callId)?.(message);
        this.answers.delete(message.callId);
      }
    });
  }

  static async connect(
    port: number,
    delay: (milliseconds: number) => void = () => {},
  ): Promise<Subscriber> {
    const ws = new WebSocket(`ws://127.0.0.1:${port}/ws`, {
      perMessageDeflate: false,
      skipUTF8Validation: true,
    });
    const subscriber = new Subscriber(ws, delay);
    await once(ws, 'open');
    return subscriber;
  }

  /** Acquires a subscription. Resolves with the server's answer. */
  acquire(params: object): Promise<unknown> {
    const callId = this.calls++;
    return new Promise((resolve, reject) => {
      this.answers.set(callId, ({ type, data, message }) => {
        if (type === 'response') resolve(data);
        else reject(new Error(message));
      });
      const message = { command: 'acquireSubscription', params, callId };
      this.ws.send(JSON.stringify({ service: 'datasync', message }));
    });
  }

  cut(): void {
    this.ws.terminate();
  }

  private take({ data: { n, at } }: Delta, subscription = ''): void {
    this.received++;
    if (n <= (this.last.get(subscription) ?? -1)) this.wrong++;
    this.last.set(subscription, n);
    this.delay(performance.now() - at);
  }
}
