import type { Delta } from '../../protocol/delta.js';
import { reportUncaught } from '../signal.js';
import type { Collection } from './collection.js';
import { DeltaTarget } from './delta-target.js';
import { type KeyOption, keyReader } from './key.js';

/** How many mistakes are told apart; whoever invents more gets no lines. */
const MISTAKES = 100;

/** By model, and where one model has several collections by tag. */
export type Collections = Readonly<
  Record<
    string,
    Collection<unknown> | Readonly<Record<string, Collection<unknown>>>
  >
>;

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
 * unknown one does nothing, an update of an unknown one inserts it. Where an
 * update changes what identifies a row, one of the two is left. A delta whose
 * `version` is lower than that of the row, or of one that is gone, does nothing.
 *
 * Without key, an inserted row is inserted. Who updates or deletes one is told
 * on the console: it could be any.
 *
 * @example
 * const processor = new CollectionDeltaProcessor({
 *   Comment: new ArrayCollection(comments),
 *   Task: { open: new ArrayCollection(open), done: new ArrayCollection(done) },
 * });
 * datasync.deltaReceived.add((delta) => processor.processDelta(delta));
 */
export class CollectionDeltaProcessor {
  private readonly targets = new Map<
    string,
    DeltaTarget | ReadonlyMap<unknown, DeltaTarget>
  >();
  private readonly mistakes = new Set<string>();

  constructor(
    collections: Collections,
    options: CollectionDeltaProcessorOptions = {},
  ) {
    const { itemsAreEqual, key = 'id' } = options;
    const keyOf = keyReader(key);
    // One for each collection, wherever it is named.
    const made = new Map<Collection<unknown>, DeltaTarget>();
    const make = (collection: Collection<unknown>): DeltaTarget => {
      const target =
        made.get(collection) ??
        new DeltaTarget(collection, keyOf, itemsAreEqual);
      made.set(collection, target);
      return target;
    };
    for (const [model, entry] of Object.entries(collections)) {
      if (isCollection(entry)) {
        this.targets.set(model, make(entry));
        continue;
      }
      const tagged = Object.entries(entry).map(
        ([tag, collection]) => [tag, make(collection)] as const,
      );
      this.targets.set(model, new Map(tagged));
    }
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
      this.complain('what is no list of deltas was ignored:', deltas);
      return false;
    }
    const open = new Set<DeltaTarget>();
    let changed = false;
    for (const delta of deltas as readonly TaggedDelta[]) {
      try {
        const target = this.targetOf(delta);
        if (target === undefined) continue;
        if (!open.has(target)) {
          target.begin();
          open.add(target);
        }
        const applied = target.apply(delta);
        if (applied === undefined) {
          this.complain(`a row without key, of ${nameOf(delta)}, is unknown`);
        }
        changed ||= applied === true;
      } catch (error) {
        reportUncaught(error);
      }
    }
    for (const target of open) {
      try {
        target.commit();
      } catch (error) {
        reportUncaught(error);
      }
    }
    return changed;
  }

  private targetOf(delta: TaggedDelta): DeltaTarget | undefined {
    if (!isDelta(delta)) {
      this.complain('what is no delta was ignored:', delta);
      return undefined;
    }
    const entry = this.targets.get(delta.model);
    const target = entry instanceof DeltaTarget ? entry : entry?.get(delta.tag);
    if (!target) this.complain(`there is no collection for ${nameOf(delta)}`);
    return target;
  }

  /** Once: the next deltas are wrong in the same way. */
  private complain(mistake: string, ...details: unknown[]): void {
    const { mistakes } = this;
    if (mistakes.has(mistake) || mistakes.size >= MISTAKES) return;
    mistakes.add(mistake);
    console.error(`Snorky: ${mistake}`, ...details);
  }
}

function nameOf({ model, tag }: TaggedDelta): string {
  return tag === undefined ? model : `${model} (${tag})`;
}

function isCollection(
  entry: Collections[string],
): entry is Collection<unknown> {
  return typeof entry.getIterator === 'function';
}

/** Whether what the server sent has what a delta must have. */
function isDelta(delta: unknown): delta is TaggedDelta {
  if (!isObject(delta) || typeof delta['model'] !== 'string') return false;
  switch (delta['type']) {
    case 'insert':
    case 'delete':
      return isObject(delta['data']);
    case 'update':
      return isObject(delta['newData']) && isObject(delta['oldData']);
    default:
      return false;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
