import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  CHUNK,
  Outbox,
  type OutboxSink,
} from '../../../src/core/clients/outbox.js';
import { OutboxFlusher } from '../../../src/core/clients/outbox-flusher.js';

const KIB = 1024;

/** A connection that reads when it is told to. */
class Sink implements OutboxSink {
  readonly writes: string[][] = [];
  buffered = 0;
  writable = true;
  waitsForDrain = false;
  slow = 0;
  error: unknown;
  /** Whether what is handed over is gone at once. */
  reads = false;

  write(frames: readonly Uint8Array[]): void {
    this.writes.push(frames.map((frame) => Buffer.from(frame).toString()));
    if (this.reads) return;
    for (const frame of frames) this.buffered += frame.length;
  }

  awaitDrain(): void {
    this.waitsForDrain = true;
  }

  tooSlow(): void {
    this.slow++;
  }

  failed(error: unknown): void {
    this.error = error;
  }

  /** All that was handed over, by the first letters of its frames. */
  get letters(): string {
    return this.writes
      .flat()
      .map((frame) => frame[0])
      .join('');
  }
}

function setUp({ limit = 100 * KIB, burst = 1000 * KIB } = {}): {
  sink: Sink;
  outbox: Outbox;
  drain(): void;
} {
  const sink = new Sink();
  const outbox = new Outbox(sink, new OutboxFlusher(), { limit, burst });
  return {
    sink,
    outbox,
    drain() {
      sink.buffered = 0;
      sink.waitsForDrain = false;
      outbox.drained();
    },
  };
}

function frame(letter: string, size = 1): Uint8Array {
  return Buffer.alloc(size, letter);
}

/** The end of this turn of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('An outbox', () => {
  it('hands over what one turn queued in one write, after the turn', async () => {
    const { outbox, sink } = setUp();
    outbox.push(frame('a'));
    outbox.push(frame('b'));
    await Promise.resolve();
    outbox.push(frame('c'));
    expect(sink.writes).toEqual([]);
    await turn();
    expect(sink.writes).toEqual([['a', 'b', 'c']]);
  });

  it('hands over at once when a chunk is full', () => {
    const { outbox, sink } = setUp();
    outbox.push(frame('a', CHUNK - 1));
    expect(sink.writes).toHaveLength(0);
    outbox.push(frame('b'));
    expect(sink.writes).toHaveLength(1);
    expect(sink.letters).toBe('ab');
  });

  it('hands over nothing more while the connection buffers a chunk', async () => {
    const { outbox, sink, drain } = setUp();
    sink.buffered = CHUNK;
    outbox.push(frame('a'));
    await turn();
    expect(sink.writes).toEqual([]);
    expect(sink.waitsForDrain).toBe(true);
    expect(outbox.bytes).toBe(1);
    drain();
    expect(sink.writes).toEqual([['a']]);
    expect(outbox.bytes).toBe(0);
  });

  it('hands over while the connection buffers less', async () => {
    const { outbox, sink } = setUp();
    sink.buffered = CHUNK - 1;
    outbox.push(frame('a'));
    await turn();
    expect(sink.writes).toEqual([['a']]);
    expect(sink.waitsForDrain).toBe(false);
  });

  it('hands over in pieces of about a chunk, in order', async () => {
    const { outbox, sink, drain } = setUp();
    sink.buffered = CHUNK;
    for (const letter of 'abcdef') outbox.push(frame(letter, CHUNK / 2));
    await turn();
    drain();
    expect(sink.letters).toBe('ab');
    drain();
    expect(sink.letters).toBe('abcd');
    drain();
    expect(sink.letters).toBe('abcdef');
    expect(sink.writes).toHaveLength(3);
  });

  it('gives a large frame a write of its own', async () => {
    const { outbox, sink, drain } = setUp();
    sink.buffered = CHUNK;
    outbox.push(frame('a'));
    outbox.push(frame('b', 3 * CHUNK));
    outbox.push(frame('c'));
    await turn();
    drain();
    expect(sink.writes.map((write) => write.length)).toEqual([1, 1]);
    drain();
    expect(sink.letters).toBe('abc');
  });

  it('keeps what is pushed while the connection is not writable', async () => {
    const { outbox, sink } = setUp();
    sink.writable = false;
    outbox.push(frame('a'));
    await turn();
    expect(sink.writes).toEqual([]);
    expect(sink.waitsForDrain).toBe(false);
  });

  it('keeps the order of any pushes, pulls and drains', async () => {
    const step = fc.oneof(
      fc.record({ push: fc.constantFrom(1, 100, 9_000, 40_000, 70_000) }),
      fc.record({ pull: fc.array(fc.constantFrom(1, 20_000, 70_000)) }),
      fc.constant('drain' as const),
      fc.constant('turn' as const),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const limit = 1e9;
        const { outbox, sink, drain } = setUp({ limit, burst: limit });
        const expected: string[] = [];
        let made = 0;
        const make = (size: number): Uint8Array => {
          const text = `${made++},`;
          expected.push(text);
          return Buffer.from(text.padEnd(size + 8, '.'));
        };
        for (const one of steps) {
          if (one === 'turn') await turn();
          else if (one === 'drain') drain();
          else if ('push' in one) outbox.push(make(one.push));
          else {
            const frames = one.pull.map(make);
            outbox.pull(() => frames.shift());
          }
        }
        await turn();
        while (sink.waitsForDrain) drain();
        expect(
          sink.writes.flat().map((text) => /^\d+,/.exec(text)?.[0]),
        ).toEqual(expected);
        expect(outbox.bytes).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});

describe('The bound of an outbox', () => {
  it('gives a client up that does not read, and empties the queue first', async () => {
    const { outbox, sink } = setUp({ limit: 100, burst: 0 });
    sink.buffered = CHUNK;
    outbox.push(frame('a', 100));
    await turn();
    expect(sink.slow).toBe(0);
    outbox.push(frame('b'));
    expect(sink.slow).toBe(0);
    await turn();
    expect(sink.slow).toBe(1);
    expect(outbox.bytes).toBe(0);
  });

  it('takes nothing more from a client that was given up', async () => {
    const { outbox, sink, drain } = setUp({ limit: 0, burst: 0 });
    sink.buffered = CHUNK;
    outbox.push(frame('a'));
    await turn();
    outbox.push(frame('b'));
    outbox.pull(() => frame('c'));
    await turn();
    drain();
    expect(sink.slow).toBe(1);
    expect(sink.writes).toEqual([]);
  });

  it('exempts a burst that is handed over as fast as it is read', async () => {
    const { outbox, sink, drain } = setUp({ limit: 100, burst: 10 * CHUNK });
    for (const letter of 'abcdefgh') outbox.push(frame(letter, CHUNK));
    await turn();
    while (sink.waitsForDrain) drain();
    expect(sink.slow).toBe(0);
    expect(sink.letters).toBe('abcdefgh');
  });

  it('exempts a single message larger than the bound', async () => {
    const { outbox, sink, drain } = setUp({ limit: 100, burst: 10 * CHUNK });
    sink.buffered = CHUNK;
    outbox.push(frame('a', 5 * CHUNK));
    await turn();
    expect(sink.slow).toBe(0);
    drain();
    expect(sink.letters).toBe('a');
  });

  it('exempts a burst until the queue has emptied, and not longer', async () => {
    const { outbox, sink, drain } = setUp({ limit: 100, burst: 10 * CHUNK });
    sink.buffered = CHUNK;
    outbox.push(frame('a', 2 * CHUNK));
    await turn();
    outbox.push(frame('b', 100));
    await turn();
    expect(sink.slow).toBe(0);
    drain();
    drain();
    sink.buffered = CHUNK;
    outbox.push(frame('c', 60));
    await turn();
    outbox.push(frame('d', 60));
    await turn();
    // What is left is more than the bound and than what one turn queued.
    outbox.push(frame('e', 60));
    await turn();
    expect(sink.slow).toBe(1);
  });

  it('exempts the largest turn, not the sum of all', async () => {
    const { outbox, sink } = setUp({ limit: 0, burst: 10 * CHUNK });
    sink.buffered = CHUNK;
    outbox.push(frame('a', 1000));
    await turn();
    expect(sink.slow).toBe(0);
    outbox.push(frame('b', 1000));
    await turn();
    expect(sink.slow).toBe(1);
  });

  it('bounds the exemption itself at the end of a turn', async () => {
    const { outbox, sink } = setUp({ limit: 100, burst: 1000 });
    sink.buffered = CHUNK;
    outbox.push(frame('a', 1100));
    await turn();
    expect(sink.slow).toBe(0);
    const other = setUp({ limit: 100, burst: 1000 });
    other.sink.buffered = CHUNK;
    other.outbox.push(frame('a', 1101));
    await turn();
    expect(other.sink.slow).toBe(1);
  });

  it('bounds a turn that never ends', () => {
    const { outbox, sink } = setUp({ limit: CHUNK, burst: 4 * CHUNK });
    sink.buffered = CHUNK;
    let pushed = 0;
    while (sink.slow === 0 && pushed < 100) {
      outbox.push(frame('a', CHUNK));
      pushed++;
    }
    expect(pushed).toBe(6);
    expect(outbox.bytes).toBe(0);
  });

  it('does not count what the connection buffers', async () => {
    const { outbox, sink } = setUp({ limit: 0, burst: 0 });
    sink.buffered = CHUNK - 1;
    outbox.push(frame('a', 1000));
    await turn();
    expect(sink.slow).toBe(0);
    expect(sink.letters).toBe('a');
  });
});

describe('A source in an outbox', () => {
  it('is asked for its next frames when the ones before are read', async () => {
    const { outbox, sink, drain } = setUp({ limit: 0, burst: 0 });
    const asked: string[] = [];
    const letters = [...'abcdef'];
    outbox.pull(() => {
      const letter = letters.shift();
      if (letter === undefined) return undefined;
      asked.push(letter);
      return frame(letter, CHUNK / 2);
    });
    expect(asked).toEqual([]);
    await turn();
    expect(asked.join('')).toBe('ab');
    drain();
    expect(asked.join('')).toBe('abcd');
    drain();
    drain();
    expect(sink.letters).toBe('abcdef');
    expect(sink.slow).toBe(0);
  });

  it('comes between what was queued before and after it', async () => {
    const { outbox, sink, drain } = setUp();
    const letters = [...'bcd'];
    outbox.push(frame('a'));
    outbox.pull(() => {
      const letter = letters.shift();
      return letter === undefined ? undefined : frame(letter, CHUNK);
    });
    outbox.push(frame('e'));
    await turn();
    while (sink.waitsForDrain) drain();
    expect(sink.letters).toBe('abcde');
  });

  it('that has nothing lets the next one through', async () => {
    const { outbox, sink } = setUp();
    outbox.pull(() => undefined);
    outbox.pull(() => undefined);
    outbox.push(frame('a'));
    await turn();
    expect(sink.writes).toEqual([['a']]);
  });

  it('that fails closes its own outbox alone', async () => {
    const flusher = new OutboxFlusher();
    const limits = { limit: 100, burst: 100 };
    const [first, second] = [new Sink(), new Sink()];
    const broken = new Outbox(first, flusher, limits);
    const sound = new Outbox(second, flusher, limits);
    const error = new Error('no such row');
    broken.pull(() => {
      throw error;
    });
    broken.push(frame('a'));
    sound.push(frame('b'));
    await turn();
    expect(first.error).toBe(error);
    expect(first.writes).toEqual([]);
    expect(broken.bytes).toBe(0);
    expect(second.letters).toBe('b');
  });

  it('that fails on drain closes its outbox and throws at nobody', async () => {
    const { outbox, sink, drain } = setUp();
    const error = new Error('no such row');
    const frames = [frame('a', CHUNK)];
    outbox.pull(() => {
      const next = frames.shift();
      if (next === undefined) throw error;
      return next;
    });
    await turn();
    expect(sink.letters).toBe('a');
    expect(drain).not.toThrow();
    expect(sink.error).toBe(error);
  });

  it('that fails at a full chunk closes its outbox and throws at nobody', () => {
    const { outbox, sink } = setUp();
    const error = new Error('no such row');
    outbox.pull(() => {
      throw error;
    });
    expect(() => outbox.push(frame('a', CHUNK))).not.toThrow();
    expect(sink.error).toBe(error);
  });
});

describe('Closing an outbox', () => {
  it('hands over all that waits, whatever the connection buffers', async () => {
    const { outbox, sink } = setUp();
    sink.buffered = CHUNK;
    outbox.push(frame('a', CHUNK));
    outbox.push(frame('b'));
    outbox.close();
    expect(sink.letters).toBe('ab');
    expect(sink.writes).toHaveLength(1);
    outbox.push(frame('c'));
    outbox.close();
    await turn();
    expect(sink.letters).toBe('ab');
  });

  it('cuts sources where they are', async () => {
    const { outbox, sink } = setUp();
    outbox.pull(() => frame('s', CHUNK));
    outbox.push(frame('a'));
    await turn();
    expect(sink.letters).toBe('s');
    outbox.close();
    expect(sink.letters).toBe('sa');
  });

  it('writes nothing where nothing waits, or nothing can be written', () => {
    const idle = setUp();
    idle.outbox.close();
    expect(idle.sink.writes).toEqual([]);
    const broken = setUp();
    broken.outbox.push(frame('a'));
    broken.sink.writable = false;
    broken.outbox.close();
    expect(broken.sink.writes).toEqual([]);
  });

  it('with discard forgets all that waits', async () => {
    const { outbox, sink, drain } = setUp();
    outbox.push(frame('a'));
    outbox.discard();
    outbox.push(frame('b'));
    await turn();
    drain();
    outbox.close();
    expect(sink.writes).toEqual([]);
    expect(outbox.bytes).toBe(0);
  });
});

describe('The flusher', () => {
  it('serves all outboxes of a turn with one callback', async () => {
    const flusher = new OutboxFlusher();
    const order: string[] = [];
    const sinks = [...'abc'].map((letter) => {
      const sink = new Sink();
      sink.write = () => void order.push(letter);
      new Outbox(sink, flusher, { limit: 1, burst: 1 }).push(frame(letter));
      return sink;
    });
    expect(sinks).toHaveLength(3);
    setImmediate(() => order.push('other work'));
    await turn();
    expect(order).toEqual(['a', 'b', 'c', 'other work']);
  });

  it('keeps what is queued while it flushes for the next turn', async () => {
    const flusher = new OutboxFlusher();
    const limits = { limit: 10, burst: 10 };
    const first = new Sink();
    const second = new Sink();
    const later = new Outbox(second, flusher, limits);
    const write = first.write.bind(first);
    first.write = (frames) => {
      write(frames);
      later.push(frame('b'));
    };
    new Outbox(first, flusher, limits).push(frame('a'));
    await turn();
    expect(second.writes).toEqual([]);
    await turn();
    expect(second.writes).toEqual([['b']]);
  });
});
