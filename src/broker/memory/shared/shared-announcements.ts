import type { JsonValue } from '../../../protocol/json.js';
import type { ListenerOptions, Stop } from '../../ports/listening.js';
import { Feed } from './feed.js';
import type { MemoryNode } from './memory-node.js';

/**
 * The announcements between nodes: a feed for each name that has listeners.
 * Nothing is kept.
 */
export class SharedAnnouncements {
  readonly #feeds = new Map<string, Feed<JsonValue>>();
  /**
   * The number of announcements so far. A listener gets those with a higher
   * one.
   */
  #count = 0;

  /** Names that have listeners. */
  get size(): number {
    return this.#feeds.size;
  }

  announce(name: string, value: JsonValue): void {
    this.#feeds.get(name)?.deliver(++this.#count, value);
  }

  listen(
    name: string,
    listener: (value: JsonValue) => void,
    { onGap }: ListenerOptions,
    node: MemoryNode,
  ): Stop {
    const source = { port: 'topics', name } as const;
    return this.#open(name).subscribe({
      listener,
      onGap,
      from: this.#count,
      fail: (error) => node.failures.report(error, source),
    });
  }

  /** Tells all listeners that they may have missed something. */
  lose(): void {
    // A copy: a listener may open another feed.
    for (const feed of [...this.#feeds.values()]) feed.lose(++this.#count);
  }

  #open(name: string): Feed<JsonValue> {
    const known = this.#feeds.get(name);
    if (known) return known;
    const feed = new Feed<JsonValue>(() => {
      // A listener may still hold the stop of an earlier feed: that must not
      // remove the present one.
      if (feed.idle && this.#feeds.get(name) === feed) {
        this.#feeds.delete(name);
      }
    });
    this.#feeds.set(name, feed);
    return feed;
  }
}
