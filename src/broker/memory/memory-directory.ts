import type { JsonValue } from '../../protocol/json.js';
import type {
  Claim,
  Directory,
  DirectoryEvent,
  Listing,
  Watch,
} from '../ports/directory.js';
import type { ListenerOptions, Stop } from '../ports/listening.js';
import type { Position } from '../ports/log.js';
import type { MemoryNode } from './shared/memory-node.js';
import type { SharedDirectory } from './shared/shared-directory.js';

/**
 * {@link Directory} of one node of a memory store. Answers at once, after the
 * watchers of all nodes have had the event.
 */
export class MemoryDirectory implements Directory {
  readonly #node: MemoryNode;
  readonly #shared: SharedDirectory;

  constructor(node: MemoryNode, shared: SharedDirectory) {
    this.#node = node;
    this.#shared = shared;
  }

  join(set: string, key: string, value: JsonValue): Position {
    this.#node.assertLease();
    return this.#shared.join(set, key, value, this.#node);
  }

  claim(set: string, key: string, value: JsonValue): Claim {
    this.#node.assertLease();
    return this.#shared.claim(set, key, value, this.#node);
  }

  leave(set: string, key: string): boolean {
    return this.#shared.leave(set, key, this.#node);
  }

  list(set: string): Listing {
    return this.#shared.list(set);
  }

  watch(
    set: string,
    since: Position,
    listener: (event: DirectoryEvent) => void,
    options: ListenerOptions = {},
  ): Watch {
    this.#node.assertOpen();
    return this.#shared.watch(set, since, listener, options, this.#node);
  }

  onLost(listener: () => void): Stop {
    this.#node.assertOpen();
    const entry = { listener };
    this.#node.onLost.add(entry);
    return () => void this.#node.onLost.delete(entry);
  }
}
