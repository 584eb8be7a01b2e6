/** Where lines go. Nest's `LoggerService` fits. */
export interface LogSink {
  /** For developers: what callers got wrong. */
  debug?(line: string): void;
  warn(line: string): void;
  error(line: string, stack?: string): void;
}

/** How many lines of one kind are written before the rest is only counted. */
export interface LogRate {
  /** Lines of one kind per window. @default 10 */
  readonly lines?: number;
  /** Length of a window in milliseconds. @default 10_000 */
  readonly window?: number;
}

interface Bucket {
  until: number;
  left: number;
  suppressed: number;
}

/**
 * A log that strangers cannot flood: lines of one kind beyond the rate are
 * counted, and the count is told with the next line of that kind. Texts are
 * made only for lines that are written.
 */
export class RateLimitedLog {
  private readonly buckets = new Map<string, Bucket>();
  private readonly lines: number;
  private readonly window: number;

  constructor(
    private readonly sink: LogSink,
    rate: LogRate = {},
  ) {
    this.lines = rate.lines ?? 10;
    this.window = rate.window ?? 10_000;
  }

  /** @param kind From a bounded set: each keeps a counter for ever. */
  debug(kind: string, line: () => string): void {
    if (this.sink.debug === undefined) return;
    const suffix = this.admit(kind);
    if (suffix !== undefined) this.sink.debug(line() + suffix);
  }

  /** @param kind As above. */
  warn(kind: string, line: () => string): void {
    const suffix = this.admit(kind);
    if (suffix !== undefined) this.sink.warn(line() + suffix);
  }

  /** Like {@link warn}, with the stack of `error` where it has one. */
  error(kind: string, line: () => string, error?: unknown): void {
    const suffix = this.admit(kind);
    if (suffix === undefined) return;
    const stack = stackOf(error);
    if (stack !== undefined) {
      this.sink.error(line() + suffix, stack);
    } else if (error === undefined) {
      this.sink.error(line() + suffix);
    } else {
      this.sink.error(`${line()}: ${describeThrown(error)}${suffix}`);
    }
  }

  private admit(kind: string): string | undefined {
    const now = Date.now();
    let bucket = this.buckets.get(kind);
    if (bucket === undefined) {
      bucket = { until: 0, left: 0, suppressed: 0 };
      this.buckets.set(kind, bucket);
    }
    if (now >= bucket.until) {
      bucket.until = now + this.window;
      bucket.left = this.lines;
    }
    if (bucket.left === 0) {
      bucket.suppressed++;
      return undefined;
    }
    bucket.left--;
    if (bucket.suppressed === 0) return '';
    const suffix = ` (and ${bucket.suppressed} more like it before)`;
    bucket.suppressed = 0;
    return suffix;
  }
}

/**
 * The stack of an error. Whoever throws may have made it anything, a getter that
 * throws in its turn included: whatever it is, it must not get past the log.
 */
function stackOf(error: unknown): string | undefined {
  try {
    if (!(error instanceof Error)) return undefined;
    const stack: unknown = error.stack ?? error.message;
    return typeof stack === 'string' ? stack : undefined;
  } catch {
    return undefined;
  }
}

/** A thrown value that is no `Error`, in at most 100 characters. */
function describeThrown(thrown: unknown): string {
  try {
    return excerpt(String(thrown));
  } catch {
    return `a ${typeof thrown} was thrown`;
  }
}

/** One line of at most 100 characters: breaks escaped, the rest cut to `...`. */
export function excerpt(text: string): string {
  const start = text
    .slice(0, 101)
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, escape);
  return start.length > 100 ? `${start.slice(0, 97)}...` : start;
}

function escape(character: string): string {
  if (character === '\n') return '\\n';
  if (character === '\r') return '\\r';
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
