/**
 * Something that changes, in the form that frameworks expect: `subscribe` tells
 * when it changes, `getSnapshot` gives its state. Both functions can be passed
 * on without the object.
 *
 * @example
 * // React
 * const { items, state } = useSyncExternalStore(list.subscribe, list.getSnapshot);
 */
export interface Snapshots<Snapshot> {
  /**
   * Calls the listener after each change; once for a whole batch.
   *
   * @returns A function that removes the listener. Calling it again does
   *   nothing.
   */
  readonly subscribe: (listener: () => void) => () => void;
  /**
   * The present state. It is the same object until something changes. It never
   * changes itself, and its unchanged parts stay the same objects too. Only
   * rows and messages are not frozen.
   */
  readonly getSnapshot: () => Snapshot;
}

/** Makes snapshots only when they are asked for. */
export abstract class SnapshotSource<
  Snapshot extends object,
> implements Snapshots<Snapshot> {
  readonly subscribe: (listener: () => void) => () => void;
  readonly getSnapshot: () => Snapshot;

  /** @param changed Dispatched with each change. */
  constructor(changed: { add(listener: () => void): () => void }) {
    let shown: Snapshot | undefined;
    // A function for each call: the same listener may be added twice.
    this.subscribe = (listener) => changed.add(() => listener());
    this.getSnapshot = () => {
      const now = this.$show();
      for (const name in now) {
        if (shown?.[name] !== now[name]) return (shown = Object.freeze(now));
      }
      // There is an earlier snapshot: without one, the state has differed
      // above.
      return shown as Snapshot;
    };
  }

  /**
   * Keeps Vue from wrapping this in a proxy, which could not reach private
   * members.
   */
  get __v_skip(): boolean {
    return true;
  }

  /**
   * @internal The state to show. Unchanged members must be the same objects.
   */
  abstract $show(): Snapshot;
}
