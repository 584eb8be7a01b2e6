import type { JsonValue } from '../../../protocol/json.js';
import type { ListenerOptions, Stop } from '../../ports/listening.js';
import { Feed } from './feed.js';
import type { MemoryNode } from './memory-node.js';

/** What nodes tell each other without keeping it: a feed for each name heard. */
export class SharedAnnouncements {
  readonly #feeds = new Map<string, Feed<JsonValue>>();
  /** Announcements so far, to tell which a listener came too late for. */
  #count = 0;

  /** Names that somebody listens to. */
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

  /** Tells all who listen that they may have missed something. */
  lose(): void {
    // A copy: listeners may open others.
    for (const feed of [...this.#feeds.values()]) feed.lose(++this.#count);
  }

  #open(name: string): Feed<JsonValue> {
    const known = this.#feeds.get(name);
    if (known) return known;
    const feed = new Feed<JsonValue>(() => {
      // A listener of an old one can still hold its stop.
      if (feed.idle && this.#feeds.get(name) === feed) {
        this.#feeds.delete(name);
      }
    });
    this.#feeds.set(name, feed);
    return feed;
  }
}
