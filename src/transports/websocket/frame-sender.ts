import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import { Client, type Handshake } from '../../core/clients/client.js';
import {
  Outbox,
  type OutboxLimits,
  type OutboxSink,
} from '../../core/clients/outbox.js';
import type { OutboxFlusher } from '../../core/clients/outbox-flusher.js';
import type {
  Encoder,
  PreparedMessage,
} from '../../core/clients/prepared-message.js';
import type { FrameJoiner } from './frame-joiner.js';
import { encodeTextFrame, encodeTextPayload } from './framer.js';
import type { SnorkySocket } from './snorky-socket.js';

/** What the senders of one endpoint share. */
export interface SenderContext {
  readonly flusher: OutboxFlusher;
  readonly limits: OutboxLimits;
  readonly joiner: FrameJoiner;
}

/**
 * The sending half of a WebSocket connection: messages become frames, wait in
 * the outbox, and are written. It is a base class because a separate object
 * would cost every idle connection memory.
 */
export abstract class FrameSender<Context extends SenderContext>
  extends Client
  implements OutboxSink
{
  readonly outbox: Outbox;
  /** Whether nothing more is sent but the close frame. */
  protected closing = false;
  private readonly encode: Encoder;
  /** Whether the socket is going to tell that its buffer has emptied. */
  private awaiting = false;

  constructor(
    protected readonly ws: SnorkySocket,
    private readonly socket: Duplex,
    readonly handshake: Handshake,
    protected readonly context: Context,
  ) {
    super();
    this.outbox = new Outbox(this, context.flusher, context.limits);
    // Where permessage-deflate was negotiated, only `ws` may write: it
    // compresses frames asynchronously, and frames of ours would overtake them.
    this.encode = ws.extensions === '' ? encodeTextFrame : encodeTextPayload;
  }

  abstract tooSlow(): void;

  abstract failed(error: unknown): void;

  get connected(): boolean {
    return !this.closing && this.ws.readyState === WebSocket.OPEN;
  }

  sendText(text: string): void {
    if (this.connected) this.outbox.push(this.encode(text));
  }

  deliver(message: PreparedMessage): void {
    if (this.connected) this.outbox.push(message.as(this.encode));
  }

  override get waiting(): number {
    return this.outbox.bytes;
  }

  override whenDrained(act: () => void): void {
    // The source is asked for its first frame when everything before it has
    // been handed over. It ends at once.
    this.outbox.pull(() => {
      act();
      return undefined;
    });
  }

  // What the outbox needs

  get buffered(): number {
    return this.encode === encodeTextFrame
      ? this.socket.writableLength
      : this.ws.bufferedAmount;
  }

  get writable(): boolean {
    return this.ws.readyState === WebSocket.OPEN && this.socket.writable;
  }

  write(frames: readonly Uint8Array[]): void {
    if (this.encode === encodeTextFrame) {
      this.socket.write(this.context.joiner.join(frames));
    } else {
      const last = frames.length - 1;
      for (let i = 0; i < last; i++)
        this.ws.send(frames[i] as Uint8Array, TEXT);
      this.ws.send(frames[last] as Uint8Array, TEXT, this.drained);
    }
  }

  awaitDrain(): void {
    // Where `ws` writes, the callback of each write reports it.
    if (this.encode !== encodeTextFrame) return;
    if (this.awaiting) return;
    this.awaiting = true;
    if (this.socket.writableNeedDrain) {
      this.socket.once('drain', this.drained);
    } else {
      // A stream may buffer more than usual, since an application can set that.
      // Then it emits no 'drain' at what counts as full here. The callback of
      // an empty write comes when everything before it is written.
      this.socket.write(NOTHING, this.drained);
    }
  }

  private readonly drained = (): void => {
    this.awaiting = false;
    this.outbox.drained();
  };
}

const TEXT = { binary: false };
const NOTHING = new Uint8Array(0);
