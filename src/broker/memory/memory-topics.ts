import type { JsonValue } from '../../protocol/json.js';
import type {
  Position,
  Replay,
  Retention,
  Stop,
  TopicEntry,
  Topics,
} from '../ports.js';
import type { MemoryNode } from './memory-node.js';
import type { Sequence } from './sequence.js';
import type { SharedTopics } from './shared-topics.js';

/** {@link Topics} of one node of a memory store. Answers at once. */
export class MemoryTopics implements Topics {
  readonly #node: MemoryNode;
  readonly #shared: SharedTopics;
  readonly #sequence: Sequence;

  constructor(node: MemoryNode, shared: SharedTopics, sequence: Sequence) {
    this.#node = node;
    this.#shared = shared;
    this.#sequence = sequence;
  }

  /**
   * Appends an entry and calls the listeners of all nodes. The value is kept as
   * it is, not copied: do not change it afterwards.
   *
   * An entry without retention leaves a gap in the topic's log: what was
   * retained before it is dropped, as no replay may silently leave it out.
   *
   * From inside a listener of the same topic, the entry is delivered after the
   * listeners have had the one they are being called with.
   */
  publish(topic: string, value: JsonValue, retention?: Retention): Position {
    return this.#shared.publish(topic, value, retention);
  }

  subscribe(topic: string, listener: (entry: TopicEntry) => void): Stop {
    this.#node.assertOpen();
    return this.#node.owning(
      this.#shared.subscribe(topic, listener, this.#node),
    );
  }

  position(_topic: string): Position {
    return this.#sequence.end();
  }

  replay(topic: string, since: Position, limit = 1000): Replay {
    return this.#shared.replay(topic, since, limit);
  }

  compare(left: Position, right: Position): number | undefined {
    const a = this.#sequence.read(left);
    const b = this.#sequence.read(right);
    return a === undefined || b === undefined ? undefined : a - b;
  }
}
