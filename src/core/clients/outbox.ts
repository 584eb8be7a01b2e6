import type { OutboxFlusher } from './outbox-flusher.js';

/** The bytes that are handed over in one write, about. */
export const CHUNK = 64 * 1024;

/**
 * Something long that is sent piece by piece, as fast as the peer reads. It is
 * called for its next frame when the one before has been handed over;
 * `undefined` ends it. What is queued after it waits for its end.
 */
export type FrameSource = () => Uint8Array | undefined;

/** The connection, as its outbox sees it. */
export interface OutboxSink {
  /** Bytes handed over that the connection still buffers. */
  readonly buffered: number;
  /** Whether frames may be handed over at all: open, and not closing. */
  readonly writable: boolean;
  /** Takes frames over, in order, in as few writes as it can. */
  write(frames: readonly Uint8Array[]): void;
  /** Has `drained` called when the connection's buffer has emptied. */
  awaitDrain(): void;
  /**
   * More waits than the bound allows. The outbox is closed and empty when this
   * is called.
   */
  tooSlow(): void;
  /**
   * Handing over failed. The outbox is closed and empty when this is called.
   */
  failed(error: unknown): void;
}

/** How much may wait for one client. */
export interface OutboxLimits {
  /** Bytes that may wait here, beyond what the connection buffers. */
  readonly limit: number;
  /**
   * Bytes that one turn may queue beyond the limit without making a client
   * slow.
   */
  readonly burst: number;
}

/**
 * What waits to be sent to one client: references to buffers that many clients
 * share. Frames queued in one turn of the event loop are handed over in one
 * write at its end, or earlier when a chunk is full. They are handed over only
 * while the connection's own buffer is low, so that the bound here notices a
 * slow client.
 *
 * The bound is checked once per turn, after handing over. What a single turn
 * queued is exempt until the queue has emptied: otherwise a burst, or one large
 * message, would cut off a client that reads as fast as it can.
 */
export class Outbox {
  /**
   * The only frame that waits. Most turns queue one frame for a client: an
   * array for it would become garbage with every delivery.
   */
  private single: Uint8Array | undefined;
  private queue: (Uint8Array | FrameSource)[] = [];
  private head = 0;
  private waiting = 0;
  private sources = 0;
  private turn = 0;
  private exempt = 0;
  private dirty = false;
  private handing = false;
  private closed = false;

  constructor(
    private readonly sink: OutboxSink,
    private readonly flusher: OutboxFlusher,
    private readonly limits: OutboxLimits,
  ) {}

  /** Bytes that wait here. */
  get bytes(): number {
    return this.waiting;
  }

  /** Queues a frame. */
  push(frame: Uint8Array): void {
    if (this.closed) return;
    if (this.single === undefined && this.queue.length === 0) {
      this.single = frame;
    } else {
      this.unfold().push(frame);
    }
    this.waiting += frame.length;
    this.turn += frame.length;
    this.mark();
    if (this.waiting < CHUNK) return;
    this.handOver();
    // A loop that never ends its turn would never reach the check at the turn's
    // end.
    if (this.waiting > this.limits.limit + this.limits.burst) this.giveUp();
  }

  /** Queues something long. Its frames count when they are made. */
  pull(source: FrameSource): void {
    if (this.closed) return;
    this.unfold().push(source);
    this.sources++;
    this.mark();
  }

  /** @internal Ends a turn: hands over, then checks the bound. */
  flush(): void {
    this.dirty = false;
    if (this.closed) return;
    const { limit, burst } = this.limits;
    this.exempt = Math.min(Math.max(this.exempt, this.turn), burst);
    this.turn = 0;
    this.handOver();
    if (this.waiting > limit + this.exempt) this.giveUp();
  }

  /** The connection's buffer has emptied. */
  drained(): void {
    if (!this.closed && !this.empty) this.handOver();
  }

  /**
   * Hands over all that waits, whatever the connection buffers, and takes
   * nothing more. Sources end where they are: they have no bound.
   */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    const frames: Uint8Array[] = [];
    const queue = this.unfold();
    for (let i = this.head; i < queue.length; i++) {
      const item = queue[i];
      if (typeof item === 'object') frames.push(item);
    }
    this.forget();
    if (frames.length > 0 && this.sink.writable) this.sink.write(frames);
  }

  /** Drops everything that waits, and takes nothing more. */
  discard(): void {
    this.closed = true;
    this.forget();
  }

  private get empty(): boolean {
    return this.single === undefined && this.head === this.queue.length;
  }

  /** The queue, with the single frame in it. */
  private unfold(): (Uint8Array | FrameSource)[] {
    if (this.single !== undefined) {
      this.queue.push(this.single);
      this.single = undefined;
    }
    return this.queue;
  }

  private mark(): void {
    if (this.dirty) return;
    this.dirty = true;
    this.flusher.mark(this);
  }

  private handOver(): void {
    // A source may queue frames for its own client while it is asked for one.
    if (this.handing) return;
    const { sink } = this;
    this.handing = true;
    try {
      while (!this.empty && sink.writable && sink.buffered < CHUNK) {
        const frames = this.take();
        // A source may have closed its own connection.
        if (this.closed) return;
        if (frames.length > 0) sink.write(frames);
      }
    } catch (error) {
      // A source failed. The error must not reach the outboxes that are flushed
      // after this one, nor the socket whose buffer has emptied.
      this.discard();
      sink.failed(error);
      return;
    } finally {
      this.handing = false;
    }
    if (this.empty) this.exempt = 0;
    else if (sink.writable) sink.awaitDrain();
  }

  /** The next frames, about a chunk of them. */
  private take(): readonly Uint8Array[] {
    if (this.single !== undefined) {
      const frames = [this.single];
      this.single = undefined;
      this.waiting = 0;
      return frames;
    }
    // Nearly always everything fits: then the array itself is handed over.
    if (this.head === 0 && this.waiting <= CHUNK && this.sources === 0) {
      const all = this.queue as Uint8Array[];
      this.forget();
      return all;
    }
    const frames: Uint8Array[] = [];
    let size = 0;
    while (size < CHUNK && this.head < this.queue.length) {
      const item = this.queue[this.head] as Uint8Array | FrameSource;
      if (typeof item === 'function') {
        const frame = item();
        if (frame === undefined) {
          this.sources--;
          this.release();
        } else {
          frames.push(frame);
          size += frame.length;
        }
      } else {
        // A large frame gets a write of its own rather than being copied
        // together with others.
        if (size > 0 && size + item.length > CHUNK) break;
        frames.push(item);
        size += item.length;
        this.waiting -= item.length;
        this.release();
      }
    }
    return frames;
  }

  /** Frees the head of the queue without moving the rest each time. */
  private release(): void {
    this.queue[this.head++] = RELEASED;
    if (this.head === this.queue.length) {
      this.forget();
    } else if (this.head >= 1024 && this.head * 2 >= this.queue.length) {
      this.queue = this.queue.slice(this.head);
      this.head = 0;
    }
  }

  private forget(): void {
    this.single = undefined;
    this.queue = [];
    this.head = 0;
    this.waiting = 0;
    this.sources = 0;
  }

  private giveUp(): void {
    this.discard();
    this.sink.tooSlow();
  }
}

/**
 * Takes the place of a frame that was handed over, so that the frame's memory
 * is free.
 */
const RELEASED = new Uint8Array(0);
