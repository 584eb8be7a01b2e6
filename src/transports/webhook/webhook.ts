import { randomUUID } from 'node:crypto';
import type { RateLimitedLog } from '../../core/log/log.js';
import { backoff } from './backoff.js';
import { post, type Outcome } from './post.js';
import { webhookSettings, type WebhookOptions } from './webhook-options.js';

/** What a webhook needs of the registry whose events it posts. */
export interface WebhookHost {
  readonly name: string;
  readonly log: RateLimitedLog;
  /** Called with the number of events that will never be delivered. */
  lost(events: number): void;
}

/**
 * Posts events to a URL: in order, in batches, one post at a time. A post that
 * fails is attempted again with growing delays, for as long as the options say.
 * Then its events are lost, and so are events that come while too many wait.
 * Each post tells how many were lost before it.
 *
 * Events that wait are in memory only: they are lost without a word when the
 * process dies.
 */
export class Webhook<Event extends object> {
  private readonly settings;
  private waiting: Event[] = [];
  /** Events lost since the last post that arrived. */
  private missing = 0;
  private timer: NodeJS.Timeout | undefined;
  /** Ends the pause between two attempts. */
  private wake: (() => void) | undefined;
  private posting: Promise<void> | undefined;
  private closing = false;
  private readonly aborter = new AbortController();

  /** @throws TypeError when an option makes no sense, or is not safe. */
  constructor(
    options: WebhookOptions,
    private readonly node: string,
    private readonly host: WebhookHost,
  ) {
    this.settings = webhookSettings(options);
  }

  /** Adds an event, which must be JSON. Never throws, and returns at once. */
  add(event: Event): void {
    const { batchSize, batchDelay, maxWaiting } = this.settings;
    if (this.closing || this.waiting.length >= maxWaiting) {
      this.lose(1, 'too many wait');
      return;
    }
    this.waiting.push(event);
    if (this.waiting.length >= batchSize) this.send();
    else this.timer ??= setTimeout(() => this.send(), batchDelay).unref();
  }

  /**
   * Posts the events that wait, for at most `limit` milliseconds, and takes no
   * more.
   */
  async close(limit: number): Promise<void> {
    this.closing = true;
    this.send();
    // A pause between attempts could take longer than the limit: the next
    // attempt is made now.
    this.wake?.();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, limit);
    });
    await Promise.race([this.idle(), late]);
    clearTimeout(timer);
    this.aborter.abort();
    this.wake?.();
    await this.idle();
  }

  private async idle(): Promise<void> {
    while (this.posting !== undefined) await this.posting;
  }

  private send(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.posting ??= this.sendAll().finally(() => {
      this.posting = undefined;
      if (this.waiting.length > 0) this.send();
    });
  }

  private async sendAll(): Promise<void> {
    while (this.waiting.length > 0) {
      const events = this.waiting.splice(0, this.settings.batchSize);
      const why = await this.deliver(events);
      if (why !== undefined) this.lose(events.length, why);
    }
  }

  /**
   * Delivers events. Answers why they are lost; undefined once they have
   * arrived.
   */
  private async deliver(events: readonly Event[]): Promise<string | undefined> {
    const { retryFor } = this.settings;
    const { missing } = this;
    const lost = missing > 0 ? { lost: missing } : {};
    let body: string;
    try {
      body = JSON.stringify({ node: this.node, ...lost, events });
    } catch (error) {
      return `they are no JSON (${String(error)})`;
    }
    const delivery = randomUUID();
    const end = performance.now() + retryFor;
    for (let attempt = 0; ; attempt++) {
      // An attempt that was under way at the closing may be followed by one
      // more.
      const isLast = this.closing;
      const outcome = await this.attempt(body, delivery);
      if (outcome.kind === 'arrived') {
        this.missing -= missing;
        return undefined;
      }
      const { why } = outcome;
      const left = end - performance.now();
      const isOver = isLast || left <= 0 || this.aborter.signal.aborted;
      if (outcome.kind === 'refused' || isOver) return why;
      this.host.log.warn('webhook:retry', () => {
        return `Events of "${this.host.name}" will be posted again: ${why}`;
      });
      // The wait is cut at the end of the time, so that the last attempt is
      // made then.
      const wished = Math.max(backoff(attempt), outcome.retryAfter ?? 0);
      await this.pause(Math.min(wished, left));
    }
  }

  private attempt(body: string, delivery: string): Promise<Outcome> {
    const { signal } = this.aborter;
    return post(this.settings, body, delivery, signal);
  }

  private pause(delay: number): Promise<void> {
    if (this.closing) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.wake?.(), delay);
      timer.unref();
      this.wake = () => {
        clearTimeout(timer);
        this.wake = undefined;
        resolve();
      };
    });
  }

  private lose(events: number, why: string): void {
    this.missing += events;
    this.host.lost(events);
    this.host.log.error('webhook:lost', () => {
      return `Events of "${this.host.name}" are lost: ${why}`;
    });
  }
}
