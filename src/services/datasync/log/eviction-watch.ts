import type { Retention } from '../../../broker/ports/log.js';
import { LogTally, type Mark } from './log-tally.js';

/**
 * Notices when the log drops entries that a waiting token needs. Its client
 * will have to fetch again: the log is too short for this application.
 *
 * Tokens are in the order in which they were given out, so checking the first
 * one is enough.
 */
export class EvictionWatch {
  private readonly tokens = new Map<string, Mark>();
  private readonly tally = new LogTally();

  /**
   * @param timeout Milliseconds after which a token has expired anyway.
   * @param evicted Called once for each token.
   */
  constructor(
    private readonly retention: Retention,
    private readonly timeout: number,
    private readonly evicted: () => void,
  ) {}

  /** Watches a token that was given out, from the present end of the log. */
  authorized(token: string): void {
    this.look(performance.now());
    this.tokens.set(token, this.tally.mark());
  }

  /** Stops watching a token: a client has come with it, or it was withdrawn. */
  forget(token: string): void {
    this.tokens.delete(token);
  }

  /**
   * Stops watching all tokens: the log may have lost entries for another
   * reason.
   */
  gap(): void {
    this.tokens.clear();
  }

  /**
   * Counts an entry that the log has taken.
   *
   * @param measure The size of the entry; called only while tokens wait.
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
