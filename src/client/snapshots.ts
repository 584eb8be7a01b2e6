/**
 * Something that changes, as frameworks like to be shown it: `subscribe` says when,
 * `getSnapshot` what is there then. Both may be handed over as they are.
 *
 * @example
 * // React
 * const { items, state } = useSyncExternalStore(list.subscribe, list.getSnapshot);
 */
export interface Snapshots<Snapshot> {
  /**
   * Calls the listener after each change: once for all of a batch.
   *
   * @returns a function that ends it. To call that twice does nothing.
   */
  readonly subscribe: (listener: () => void) => () => void;
  /**
   * What is there now. Nobody changes it any more: it is the same object until
   * something is another, and what is in it and has not changed stays the same
   * object, too. Only the rows and messages themselves are not frozen.
   */
  readonly getSnapshot: () => Snapshot;
}

/** Makes snapshots when somebody asks, and not before. */
export abstract class SnapshotSource<
  Snapshot extends object,
> implements Snapshots<Snapshot> {
  readonly subscribe: (listener: () => void) => () => void;
  readonly getSnapshot: () => Snapshot;

  /** @param changed Is dispatched with each change. */
  constructor(changed: { add(listener: () => void): () => void }) {
    let shown: Snapshot | undefined;
    // A function of its own for each: the same listener may come twice.
    this.subscribe = (listener) => changed.add(() => listener());
    this.getSnapshot = () => {
      const now = this.$show();
      for (const name in now) {
        if (shown?.[name] !== now[name]) return (shown = Object.freeze(now));
      }
      // Without a snapshot before, its state was another already.
      return shown as Snapshot;
    };
  }

  /** @internal What there is to be shown. Members that are as before are the same. */
  abstract $show(): Snapshot;
}
