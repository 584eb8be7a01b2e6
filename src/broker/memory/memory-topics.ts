import type { JsonValue } from '../../protocol/json.js';
import type { ListenerOptions, Stop } from '../ports/listening.js';
import type {
  Position,
  Replay,
  ReplayLimits,
  Retention,
  TopicEntry,
  TopicLog,
} from '../ports/log.js';
import type { Topics } from '../ports/topics.js';
import type { MemoryNode } from './shared/memory-node.js';
import type { MemoryStore } from './memory-store.js';

/**
 * {@link Topics} of one node of a memory store. Answers at once. Values are kept
 * and handed over as they are, not copied: do not change them afterwards.
 */
export class MemoryTopics implements Topics {
  readonly #node: MemoryNode;
  readonly #store: MemoryStore;

  constructor(node: MemoryNode, store: MemoryStore) {
    this.#node = node;
    this.#store = store;
  }

  log(name: string, retention: Retention): MemoryLog {
    return new MemoryLog(this.#node, this.#store, name, retention);
  }

  /**
   * Called from inside a listener of the same name, it is heard after the
   * announcement that is being delivered.
   */
  announce(name: string, value: JsonValue): void {
    this.#store.announcements.announce(name, value);
  }

  listen(
    name: string,
    listener: (value: JsonValue) => void,
    options: ListenerOptions = {},
  ): Stop {
    const node = this.#node;
    node.assertOpen();
    const { announcements } = this.#store;
    return node.owning(announcements.listen(name, listener, options, node));
  }

  compare(left: Position, right: Position): number | undefined {
    return this.#store.sequence.compare(left, right);
  }
}

/** {@link TopicLog} of one node of a memory store. Answers at once. */
export class MemoryLog implements TopicLog {
  readonly #node: MemoryNode;
  readonly #store: MemoryStore;
  readonly #name: string;
  readonly #retention: Retention;

  constructor(
    node: MemoryNode,
    store: MemoryStore,
    name: string,
    retention: Retention,
  ) {
    this.#node = node;
    this.#store = store;
    this.#name = name;
    this.#retention = retention;
  }

  /**
   * Appends an entry and calls the listeners of all nodes. Called from inside a
   * listener of the same log, it delivers the entry after all listeners have
   * had the current one.
   */
  publish(value: JsonValue): Position {
    return this.#store.logs.publish(this.#name, value, this.#retention);
  }

  subscribe(
    listener: (entry: TopicEntry) => void,
    options: ListenerOptions = {},
  ): Stop {
    const node = this.#node;
    node.assertOpen();
    const { logs } = this.#store;
    return node.owning(logs.subscribe(this.#name, listener, options, node));
  }

  position(): Position {
    return this.#store.sequence.end();
  }

  replay(since: Position, limits: ReplayLimits = {}): Replay {
    return this.#store.logs.replay(this.#name, since, limits);
  }
}
