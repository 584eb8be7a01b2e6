import type { JsonValue } from '../../../protocol/json.js';
import type {
  Claim,
  DirectoryEntry,
  DirectoryEvent,
  Listing,
  Watch,
} from '../../ports/directory.js';
import type { ListenerOptions } from '../../ports/listening.js';
import type { Position } from '../../ports/log.js';
import { LostMarks } from './lost-marks.js';
import type { MemoryNode } from './memory-node.js';
import { MemberSet } from './member-set.js';
import { Queue } from './queue.js';
import type { Sequence } from './sequence.js';

/**
 * The sets of a store. Only sets with members or watchers are in memory; for
 * the others {@link LostMarks} is enough.
 */
export class SharedDirectory {
  readonly #sets = new Map<string, MemberSet>();
  readonly #lost = new LostMarks();
  /** The set of each remembered event, the oldest event first. */
  readonly #oldest = new Queue<MemberSet>();
  readonly #sequence: Sequence;
  readonly #capacity: number;

  /**
   * @param capacity Events remembered at most, in all sets together: a bound
   *   for each set would not bound the memory of many sets.
   */
  constructor(sequence: Sequence, capacity: number) {
    this.#sequence = sequence;
    this.#capacity = capacity;
  }

  /** Sets in memory. */
  get size(): number {
    return this.#sets.size;
  }

  join(
    name: string,
    key: string,
    value: JsonValue,
    node: MemoryNode,
  ): Position {
    const entry = { key, value, node: node.name };
    return this.#log(this.#open(name), 'join', entry);
  }

  claim(name: string, key: string, value: JsonValue, node: MemoryNode): Claim {
    const holder = this.#sets.get(name)?.members.get(key);
    if (holder) return { claimed: false, holder };
    return { claimed: true, position: this.join(name, key, value, node) };
  }

  leave(name: string, key: string, node: MemoryNode): boolean {
    const set = this.#sets.get(name);
    const entry = set?.members.get(key);
    if (!set || entry?.node !== node.name) return false;
    this.#log(set, 'leave', entry);
    return true;
  }

  list(name: string): Listing {
    const set = this.#sets.get(name);
    return {
      entries: set ? [...set.members.values()] : [],
      position: this.#sequence.end(),
    };
  }

  watch(
    name: string,
    since: Position,
    listener: (event: DirectoryEvent) => void,
    { onGap }: ListenerOptions,
    node: MemoryNode,
  ): Watch {
    const number = this.#sequence.read(since);
    const floor = this.#sets.get(name)?.floor ?? this.#lost.of(name);
    if (number === undefined || number < floor) return { covered: false };
    const set = this.#open(name);
    const source = { port: 'directory', name } as const;
    const subscription = {
      listener,
      onGap,
      from: this.#sequence.last,
      fail: (error: unknown) => node.failures.report(error, source),
    };
    // The node owns the stop before anything is delivered: a listener may close
    // the broker.
    const stop = node.owning(set.watch(subscription));
    set.catchUp(subscription, number);
    return { covered: true, stop };
  }

  /** Removes all entries of a node that went away or was lost. */
  removeNode(node: MemoryNode, kind: 'leave' | 'expire'): void {
    const entries: (readonly [MemberSet, DirectoryEntry])[] = [];
    for (const set of this.#sets.values()) {
      for (const entry of set.members.values()) {
        if (entry.node === node.name) entries.push([set, entry]);
      }
    }
    for (const [set, entry] of entries) {
      // A watcher, told of an earlier entry, may have taken this key over
      // meanwhile.
      if (set.members.get(entry.key) === entry) this.#log(set, kind, entry);
    }
  }

  /** Drops the logs of all sets, and tells their watchers. */
  forget(): void {
    this.#oldest.clear();
    // A copy: a watcher may open another set.
    for (const set of [...this.#sets.values()]) {
      set.lose(this.#sequence.next());
    }
  }

  #log(
    set: MemberSet,
    kind: DirectoryEvent['kind'],
    entry: DirectoryEntry,
  ): Position {
    const number = this.#sequence.next();
    const position = this.#sequence.position(number);
    this.#oldest.push(set);
    set.apply(number, { kind, entry, position });
    while (this.#oldest.length > this.#capacity) {
      // Does nothing for a set that was forgotten meanwhile: its log is empty.
      this.#oldest.shift()?.dropOldest();
    }
    return position;
  }

  #open(name: string): MemberSet {
    const known = this.#sets.get(name);
    if (known) return known;
    const set = new MemberSet(this.#lost.of(name), () => {
      if (!set.unused || this.#sets.get(name) !== set) return;
      this.#sets.delete(name);
      this.#lost.mark(name, set.forget());
    });
    this.#sets.set(name, set);
    return set;
  }
}
