import type { Stop } from '../../broker/ports/listening.js';
import type { Topics } from '../../broker/ports/topics.js';
import type { MaybePromise } from '../../protocol/maybe-promise.js';
import { isPromiseLike } from '../../core/promise-like.js';
import type { RpcService } from '../../core/rpc/rpc-service.js';
import type { JsonValue } from '../../protocol/json.js';
import {
  publicationOf,
  publicationValue,
  type Publication,
} from './publication.js';

interface Feed {
  users: number;
  readonly stop: MaybePromise<Stop>;
}

/**
 * The channels as topics of the broker. This node listens to one topic for each
 * channel that has a subscriber here. It hears nothing of channels that none of
 * its clients is subscribed to.
 */
export class ChannelFeeds {
  private readonly feeds = new Map<string, Feed>();

  /** @param service Its name and its registry's are parts of the topics. */
  constructor(
    private readonly topics: Topics,
    private readonly service: Pick<RpcService, 'name' | 'registry'>,
    private readonly listener: (key: string, published: Publication) => void,
    /**
     * Called when publications of a channel may have been lost, or when this
     * version cannot read one.
     */
    private readonly onMissed: () => void,
  ) {}

  /** Sends a publication to all nodes. Settles when this one has it. */
  publish(
    key: string,
    channel: JsonValue,
    message: JsonValue,
  ): MaybePromise<void> {
    const value = publicationValue(channel, message);
    return this.topics.announce(this.topicOf(key), value);
  }

  /**
   * Settles when publications of the channel arrive. Call `release` once for
   * each call.
   */
  acquire(key: string): MaybePromise<void> {
    let feed = this.feeds.get(key);
    if (feed === undefined) {
      const stop = this.topics.listen(
        this.topicOf(key),
        (value) => {
          const publication = publicationOf(value);
          if (publication === undefined) this.onMissed();
          else this.listener(key, publication);
        },
        { onGap: this.onMissed },
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

  private topicOf(key: string): string {
    const { name, registry } = this.service;
    return `pubsub:${registry.name}/${name}:${key}`;
  }
}
