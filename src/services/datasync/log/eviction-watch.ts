import type { Retention } from '../../../broker/ports/log.js';
import { LogTally, type Mark } from './log-tally.js';

/**
 * Notices when the log forgets entries that a waiting token needs: its client
 * will be refused, and the log is too short for this application.
 *
 * Tokens are in the order in which they were given out, so that a look at the
 * first tells whether there is anything to notice.
 */
export class EvictionWatch {
  private readonly tokens = new Map<string, Mark>();
  private readonly tally = new LogTally();

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
    this.tokens.set(token, this.tally.mark());
  }

  /** Somebody has come with it, or it was withdrawn. */
  forget(token: string): void {
    this.tokens.delete(token);
  }

  /** The log may have lost what they need for another reason. */
  gap(): void {
    this.tokens.clear();
  }

  /**
   * The log has taken an entry.
   *
   * @param measure Its size; asked for only while tokens wait.
   */
  advance(measure: () => number): void {
    if (this.tokens.size === 0) {
      this.tally.add();
      return;
    }
    this.tally.add(measure);
    this.look(performance.now());
  }

  private look(now: number): void {
    const { retention, tally, timeout } = this;
    for (const [token, mark] of this.tokens) {
      const age = now - mark.time;
      if (age < timeout) {
        const forgotten =
          tally.entriesSince(mark) > retention.entries ||
          tally.unitsSince(mark) > retention.size ||
          (age > retention.age && tally.entriesSince(mark) > 0);
        if (!forgotten) return;
        this.evicted();
      }
      this.tokens.delete(token);
    }
  }
}
