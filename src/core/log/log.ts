import { describeThrown, oneLine, stackText } from './log-line.js';
import { disown } from '../promise-like.js';
import type { RedactedNames } from './redacted-names.js';
import { Redaction } from './redaction.js';

/** Where lines of the log go. Nest's `LoggerService` fits. */
export interface LogSink {
  /** Takes lines for developers: what callers got wrong, and what they sent. */
  debug?(line: string): void;
  /** Whether {@link debug} writes the lines that it is given. @default true */
  debugEnabled?(): boolean;
  warn(line: string): void;
  error(line: string, stack?: string): void;
}

/**
 * How many lines of one kind are written before further ones are only counted.
 */
export interface LogRate {
  /** Lines of one kind per window. @default 10 */
  readonly lines?: number;
  /** Length of a window in milliseconds. @default 10_000 */
  readonly window?: number;
}

/** What a log shows, and how many lines it writes. */
export interface LogOptions extends LogRate {
  /**
   * Names whose values are not shown at level `debug`, in addition to the usual
   * ones (`password`, `token`, `key`, ...); `{ only: [...] }` replaces the
   * usual ones. They match parts of names in any spelling: `pin` also matches
   * `userPin` and `PIN_CODE`.
   */
  readonly redact?: RedactedNames;
}

/**
 * The part of a line that quotes what came from outside. It is written at level
 * `debug` only. Parameters, texts, names and URLs are shown through the
 * redaction given.
 */
export type Detail = (shown: Redaction) => string;

/** The rate of a log whose options give none. */
export const DEFAULT_LOG_RATE = { lines: 10, window: 10_000 } as const;

interface Bucket {
  until: number;
  left: number;
  suppressed: number;
}

/**
 * A log that strangers cannot flood. Lines of one kind beyond the rate are
 * counted, and the next line of that kind tells the count. Texts are made only
 * for lines that are written; each is one line of at most 2 KiB.
 *
 * Lines at `warn` and `error` hold our own words and the application's errors.
 * What somebody sent goes into a {@link Detail}.
 *
 * A line that cannot be made or written is left out: a fault of the log must
 * not reach those who are served.
 */
export class RateLimitedLog {
  private readonly buckets = new Map<string, Bucket>();
  private readonly lines: number;
  private readonly window: number;
  private readonly redaction: Redaction;

  /** @throws TypeError when an option makes no sense. */
  constructor(
    private readonly sink: LogSink,
    options: LogOptions = {},
  ) {
    const lines = options.lines ?? DEFAULT_LOG_RATE.lines;
    const window = options.window ?? DEFAULT_LOG_RATE.window;
    for (const [name, value] of Object.entries({ lines, window })) {
      if (typeof value !== 'number' || !(value >= 1)) {
        throw new TypeError(
          `The log option "${name}" must be a number from 1 up, not ${String(value)}.`,
        );
      }
    }
    this.lines = lines;
    this.window = window;
    this.redaction = new Redaction(options.redact);
  }

  /** @param kind From a bounded set: each kind keeps a counter for ever. */
  debug(kind: string, line: Detail): void {
    if (!this.debugs()) return;
    const suffix = this.admit(kind);
    if (suffix !== undefined) this.tell(line, suffix);
  }

  /**
   * @param kind From a bounded set: each kind keeps a counter for ever.
   * @param detail Written as a line of its own, at level `debug`.
   */
  warn(kind: string, line: () => string, detail?: Detail): void {
    const suffix = this.admit(kind);
    if (suffix === undefined) return;
    attempt(() => this.sink.warn(oneLine(line() + suffix)));
    if (detail !== undefined && this.debugs()) this.tell(detail);
  }

  /** Like {@link warn}, with the stack of `error` where there is one. */
  error(
    kind: string,
    line: () => string,
    error?: unknown,
    detail?: Detail,
  ): void {
    const suffix = this.admit(kind);
    if (suffix === undefined) return;
    attempt(() => this.fail(line(), suffix, error));
    if (detail !== undefined && this.debugs()) this.tell(detail);
  }

  private fail(line: string, suffix: string, error: unknown): unknown {
    const stack = stackText(error);
    if (stack !== undefined) {
      return this.sink.error(oneLine(line + suffix), stack);
    }
    const what = error === undefined ? '' : `: ${describeThrown(error)}`;
    return this.sink.error(oneLine(line + what + suffix));
  }

  private tell(detail: Detail, suffix = ''): void {
    attempt(() => this.sink.debug?.(oneLine(detail(this.redaction) + suffix)));
  }

  private debugs(): boolean {
    try {
      return (
        this.sink.debug !== undefined && this.sink.debugEnabled?.() !== false
      );
    } catch {
      return false;
    }
  }

  private admit(kind: string): string | undefined {
    // Not the time of day: set back, it would silence the log until it is again
    // what it was.
    const now = performance.now();
    let bucket = this.buckets.get(kind);
    if (bucket === undefined) {
      bucket = { until: -Infinity, left: 0, suppressed: 0 };
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

function attempt(write: () => unknown): void {
  try {
    // A logger may be asynchronous, whatever its type says: its rejection would
    // end the process.
    disown(write());
  } catch {
    // There is no other place to report a log that fails.
  }
}
