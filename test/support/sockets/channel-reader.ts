import { Opcode, RawSocket } from './raw-socket.js';

const NUMBER = Buffer.from('"n":');
const CALL_ID = Buffer.from('"callId":');

/**
 * A subscriber that reads as fast as it can, and checks that it gets the
 * publications of one channel in order, once: they count in a member `n`.
 */
export class ChannelReader implements AsyncDisposable {
  /** The number that must come next. */
  expected: number;
  /** What came instead of it, if ever anything did. */
  wrong: string | undefined;
  private awaited = Infinity;
  private reached: () => void = () => {};

  private constructor(readonly socket: RawSocket) {
    this.expected = -1;
  }

  /**
   * Subscribes; settles with the server's answer.
   *
   * @param from The number to begin with; without it, whichever comes first.
   */
  static async subscribe(
    port: number,
    channel: string,
    from?: number,
  ): Promise<ChannelReader> {
    const reader = new ChannelReader(await RawSocket.open(port));
    const { socket } = reader;
    const answered = new Promise<void>((resolve) => {
      socket.onFrame = (opcode, payload) => {
        if (opcode !== Opcode.text) return;
        // Publications may arrive before the answer only if we are subscribed.
        if (payload.includes(CALL_ID)) {
          socket.onFrame = (op, next) => {
            if (op === Opcode.text) reader.take(next);
          };
          resolve();
        } else {
          reader.take(payload);
        }
      };
    });
    if (from !== undefined) reader.expected = from;
    socket.send('pubsub', {
      command: 'subscribe',
      params: { channel },
      callId: 1,
    });
    await Promise.race([answered, socket.closed]);
    return reader;
  }

  /** Settles when all before `n` have come, or the connection has ended. */
  async until(n: number): Promise<void> {
    if (this.expected >= n) return;
    const reached = new Promise<void>((resolve) => (this.reached = resolve));
    this.awaited = n;
    await Promise.race([reached, this.socket.closed]);
    this.awaited = Infinity;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.socket[Symbol.asyncDispose]();
  }

  private take(payload: Buffer): void {
    const at = payload.indexOf(NUMBER);
    const n = Number.parseInt(payload.toString('latin1', at + 4, at + 16), 10);
    if (this.expected === -1) this.expected = n;
    if (at === -1 || n !== this.expected) {
      this.wrong ??= `${payload.toString('utf8', 0, 120)}, not ${this.expected}`;
    }
    this.expected = n + 1;
    if (this.expected >= this.awaited) this.reached();
  }
}
