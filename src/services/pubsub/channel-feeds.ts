import type { Stop } from '../../broker/ports/listening.js';
import type { Topics } from '../../broker/ports/topics.js';
import type { MaybePromise } from '../../protocol/maybe-promise.js';
import { isPromiseLike } from '../../core/promise-like.js';
import type { JsonValue } from '../../protocol/json.js';

interface Feed {
  users: number;
  readonly stop: MaybePromise<Stop>;
}

/**
 * This node's subscriptions to the broker: one for each channel that has a
 * subscriber here. A node hears nothing of channels that none of its clients is
 * subscribed to.
 */
export class ChannelFeeds {
  private readonly feeds = new Map<string, Feed>();

  constructor(
    private readonly topics: Topics,
    private readonly topicOf: (key: string) => string,
    private readonly listener: (key: string, value: JsonValue) => void,
    /** Called when publications of a channel may have been lost. */
    private readonly onGap: () => void,
  ) {}

  /**
   * Settles when publications of the channel arrive. Call `release` once for
   * each call.
   */
  acquire(key: string): MaybePromise<void> {
    let feed = this.feeds.get(key);
    if (feed === undefined) {
      const stop = this.topics.listen(
        this.topicOf(key),
        (value) => this.listener(key, value),
        { onGap: this.onGap },
      );
      feed = { users: 0, stop };
      this.feeds.set(key, feed);
    }
    feed.users++;
    if (!isPromiseLike(feed.stop)) return;
    return feed.stop.then(
      () => undefined,
      (error: unknown) => {
        this.release(key);
        throw error;
      },
    );
  }

  release(key: string): void {
    const feed = this.feeds.get(key);
    if (feed === undefined || --feed.users > 0) return;
    this.feeds.delete(key);
    if (isPromiseLike(feed.stop)) {
      // A subscription that failed to start needs no stop.
      feed.stop.then(
        (stop) => stop(),
        () => undefined,
      );
    } else {
      feed.stop();
    }
  }
}
