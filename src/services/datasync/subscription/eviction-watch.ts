import type { Retention } from '../../../broker/ports.js';

/** How far the log was when a token was given out, and until when that holds. */
interface Mark {
  readonly entries: number;
  readonly units: number;
  readonly time: number;
}

/**
 * Notices when the log forgets what a token needs that nobody has come with yet:
 * its client will be refused, and the log is too short for this application.
 *
 * Tokens are in the order in which they were given out, so that a look at the
 * first tells whether there is anything to notice.
 */
export class EvictionWatch {
  private readonly tokens = new Map<string, Mark>();
  private entries = 0;
  private units = 0;

  /**
   * @param timeout Milliseconds after which a token means nothing anyway.
   * @param evicted Called once for each token.
   */
  constructor(
    private readonly retention: Retention,
    private readonly timeout: number,
    private readonly evicted: () => void,
  ) {}

  /** A token was given out for what the log takes from now on. */
  authorized(token: string): void {
    this.look(performance.now());
    this.tokens.set(token, {
      entries: this.entries,
      units: this.units,
      time: performance.now(),
    });
  }

  /** Somebody has come with it, or it was withdrawn. */
  forget(token: string): void {
    this.tokens.delete(token);
  }

  /**
   * The log has taken an entry.
   *
   * @param measure Its size; asked for only while tokens wait.
   */
  advance(measure: () => number): void {
    this.entries++;
    if (this.tokens.size === 0) return;
    this.units += measure();
    this.look(performance.now());
  }

  private look(now: number): void {
    const { retention, timeout } = this;
    for (const [token, mark] of this.tokens) {
      const age = now - mark.time;
      if (age < timeout) {
        const forgotten =
          this.entries - mark.entries > retention.entries ||
          this.units - mark.units > retention.bytes ||
          (age > retention.age && this.entries > mark.entries);
        if (!forgotten) return;
        this.evicted();
      }
      this.tokens.delete(token);
    }
  }
}
