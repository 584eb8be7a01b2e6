import type { Delta } from '../../protocol/delta.js';
import type { ByModel } from '../../protocol/snorky-types.js';
import type { Collection, KeyedCollection } from './collection.js';
import { DeltaTarget, isDelta } from './delta-target.js';
import { attempt } from './guarded.js';
import { haveSameKey, type KeyOption, keyReader } from './key.js';
import { WalkedRows } from './walked-rows.js';

/** So many mistakes are told apart; further ones get no lines. */
const MISTAKES = 100;

/** By model, and where one model has several collections by tag. */
export type Collections = ByModel<Entry>;

type Entry =
  Collection<unknown> | Readonly<Record<string, Collection<unknown>>>;

/** A delta that may say which of a model's collections it is for. */
export type TaggedDelta<Row = unknown> = Delta<Row> & {
  readonly tag?: string;
};

/** What a {@link CollectionDeltaProcessor} may be told. */
export interface CollectionDeltaProcessorOptions {
  /**
   * Compares an item of a collection with the row of a delta. Each delta takes
   * a walk over the items then, except where a collection has a key.
   */
  itemsAreEqual?(item: unknown, other: unknown, delta: TaggedDelta): boolean;
  /** What tells rows apart, where a collection has no key. @default 'id' */
  key?: KeyOption<never> | undefined;
}

/**
 * Applies deltas to collections.
 *
 * Rows may have been fetched before or after a change of them, so it goes by
 * what identifies them: an insert of a known row replaces it, a delete of an
 * unknown one does nothing, an update of an unknown one inserts it. Where a row
 * takes the key of another, one of the two is left.
 *
 * A delta whose `version` is lower than the last one of its key does nothing,
 * also when that was a delete. Versions of the 100,000 keys that changed last
 * are remembered; without a key, none are.
 *
 * Rows that lack the key are inserted and are equal to no other. Updates and
 * deletes of them are ignored, with a line on the console: they could mean any.
 *
 * @example
 * const processor = new CollectionDeltaProcessor({
 *   Comment: new ArrayCollection(comments),
 *   Task: { open: new ArrayCollection(open), done: new ArrayCollection(done) },
 * });
 * datasync.deltaReceived.add((delta) => processor.processDelta(delta));
 */
export class CollectionDeltaProcessor {
  /** By what {@link nameOf} says. */
  private readonly $targets = new Map<string, DeltaTarget>();
  private readonly $mistakes = new Set<string>();

  constructor(
    collections: Collections,
    options: CollectionDeltaProcessorOptions = {},
  ) {
    const { itemsAreEqual, key = 'id' } = options;
    const keyOf = keyReader(key);
    const isSame = itemsAreEqual ?? haveSameKey(keyOf);
    const given = itemsAreEqual ? undefined : keyOf;
    for (const [model, entry] of Object.entries(collections)) {
      const tagged = isCollection(entry)
        ? [[undefined, entry] as const]
        : Object.entries(entry);
      for (const [tag, collection] of tagged) {
        const own = collection as Partial<KeyedCollection<unknown>>;
        const rows = own.adoptKey?.(given)
          ? (own as KeyedCollection<unknown>)
          : new WalkedRows(collection, isSame, given);
        this.$targets.set(nameOf(model, tag), new DeltaTarget(rows));
      }
    }
  }

  /** Vue makes no proxy of it then, which could not reach what is private. */
  get __v_skip(): boolean {
    return true;
  }

  /** Applies a delta. Answers whether that has changed anything. */
  processDelta(delta: TaggedDelta): boolean {
    return this.processDeltas([delta]);
  }

  /**
   * Applies a batch, all of it whatever single deltas do: an error is reported
   * as an uncaught one.
   *
   * @returns whether anything has changed.
   */
  processDeltas(deltas: readonly TaggedDelta[]): boolean {
    if (!Array.isArray(deltas)) {
      return this.$complain('ignored, no delta:', deltas);
    }
    let changed = false;
    for (const delta of deltas as readonly TaggedDelta[]) {
      if (attempt(() => this.$process(delta))) changed = true;
    }
    for (const target of this.$targets.values()) attempt(() => target.commit());
    return changed;
  }

  private $process(delta: TaggedDelta): boolean {
    if (!isDelta(delta)) return this.$complain('ignored, no delta:', delta);
    const { model, tag }: TaggedDelta = delta;
    const target =
      this.$targets.get(model) ?? this.$targets.get(nameOf(model, tag));
    if (!target) {
      const name = nameOf(model, tag);
      return this.$complain(`no collection for ${name}, give it one`);
    }
    return (
      target.apply(delta) ??
      this.$complain(`A row of ${model} without key was changed`)
    );
  }

  /** Once: the next deltas are wrong in the same way. */
  private $complain(mistake: string, ...details: unknown[]): false {
    const mistakes = this.$mistakes;
    if (!mistakes.has(mistake) && mistakes.size < MISTAKES) {
      mistakes.add(mistake);
      console.error(`Snorky: ${mistake}`, ...details);
    }
    return false;
  }
}

function nameOf(model: string, tag: string | undefined): string {
  return tag === undefined ? model : `${model} (${tag})`;
}

function isCollection(entry: Entry): entry is Collection<unknown> {
  return typeof entry.getIterator === 'function';
}
