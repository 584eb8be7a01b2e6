import type {
  DeclaredModel,
  IfDeclared,
  RowOf,
} from '../../protocol/snorky-types.js';
import type { Making } from '../collections/array-collection-options.js';
import { keyReader } from '../collections/key.js';
import { RowList } from '../collections/row-list.js';
import { SingleRow } from '../collections/single-row.js';
import type { DataSync } from './datasync.js';
import { LiveFeed } from './live-feed.js';
import type { LiveOptions } from './live-options.js';
import type { LiveState } from './live-state.js';
import type { Signal } from '../signal.js';
import type { Snapshots } from '../snapshots.js';

/** Options for a list. */
export interface LiveListOptions<Row, Item = Row> extends LiveOptions<
  Row,
  Item
> {
  readonly single?: false;
  /**
   * Compares a known item with the row of a delta, in place of a key. Each
   * delta then walks over all items.
   */
  readonly itemsAreEqual?: (item: Item, other: Row) => boolean;
  /** Keeps the items in this order. @default that of fetching and arrival */
  readonly compare?: (left: Item, right: Item) => number;
}

/** Options for one item. */
export interface LiveItemOptions<Row, Item = Row> extends LiveOptions<
  Row,
  Item
> {
  readonly single: true;
  /** Compares the known row with that of a delta, in place of a key. */
  readonly itemsAreEqual?: (row: Row, other: Row) => boolean;
}

/** `transformItem` is required unless rows are items. */
type Made<Row, Item> = [Row] extends [Item] ? unknown : Making<Row, Item>;

/** What lists and single items that follow the server have in common. */
export interface Live {
  readonly state: LiveState;
  /** Why it has failed, or why its rows could not be fetched so far. */
  readonly error: unknown;
  /**
   * Resolves when it is live for the first time; rejects if it fails, or is
   * closed, before.
   */
  readonly ready: Promise<void>;
  /** Dispatched after rows, or the state, have changed. */
  readonly changed: Signal<[]>;
  /** Fetches the rows again. */
  refresh(): void;
  /** Ends it and its subscription. */
  close(): void;
}

/** What the snapshots of lists and of single items have in common. */
interface LiveSnapshot {
  readonly state: LiveState;
  /** Why it has failed, or why its rows could not be fetched so far. */
  readonly error: unknown;
}

/** The state of a list at one moment. */
export interface LiveCollectionSnapshot<Item> extends LiveSnapshot {
  /**
   * An item stays the same object while its row shows the same; in a list with
   * a key this is true even after a fetch. The list stays the same object while
   * all of its items do.
   */
  readonly items: readonly Item[];
}

/** The state of an item at one moment. */
export interface LiveItemSnapshot<Item> extends LiveSnapshot {
  /** Stays the same object while its row shows the same. */
  readonly item: Item | undefined;
}

/** A list that follows the server. */
export interface LiveCollection<Item>
  extends Live, Snapshots<LiveCollectionSnapshot<Item>> {
  /**
   * Always the same array. The list does not rely on it: what others change in
   * it changes no row, and is undone with one of the next changes.
   */
  readonly items: readonly Item[];
}

/** One item that follows the server. */
export interface LiveItem<Item>
  extends Live, Snapshots<LiveItemSnapshot<Item>> {
  /** Undefined before the row was fetched, and after it was deleted. */
  readonly item: Item | undefined;
}

/** The signatures of `liveCollection`. */
interface MakeLive {
  <Row, Item = Row>(
    datasync: DataSync,
    url: string | URL,
    options: LiveItemOptions<Row, Item> & Made<Row, Item>,
  ): LiveItem<Item>;
  <Row, Item = Row>(
    datasync: DataSync,
    url: string | URL,
    options: LiveListOptions<Row, Item> & Made<Row, Item>,
  ): LiveCollection<Item>;
  /**
   * For options in which only the value of `single` decides between list and
   * item.
   */
  <Row, Item = Row>(
    datasync: DataSync,
    url: string | URL,
    options: (LiveItemOptions<Row, Item> | LiveListOptions<Row, Item>) &
      Made<Row, Item>,
  ): LiveItem<Item> | LiveCollection<Item>;
}

/** The signatures for models that `SnorkyTypes` declares. */
interface MakeNamed {
  <const Model extends string, Item = RowNamed<Model>>(
    datasync: DataSync,
    url: string | URL,
    options: Named<Model> &
      LiveItemOptions<RowNamed<Model>, Item> &
      Made<RowNamed<Model>, Item>,
  ): LiveItem<Item>;
  <const Model extends string, Item = RowNamed<Model>>(
    datasync: DataSync,
    url: string | URL,
    options: Named<Model> &
      LiveListOptions<RowNamed<Model>, Item> &
      Made<RowNamed<Model>, Item>,
  ): LiveCollection<Item>;
}

/** Options with the name of a declared model. */
interface Named<Model> {
  readonly model: Model;
}

type RowNamed<Model> = Model extends DeclaredModel ? RowOf<Model> : never;

/**
 * Rows of a REST handler, kept up to date. It fetches the rows together with a
 * subscription and applies every change. After a loss of the connection it
 * continues where it was interrupted; if that is not possible, it fetches
 * again.
 *
 * The handler needs `@Subscribable`. If `SnorkyTypes` declares the model, the
 * type of the rows need not be given.
 *
 * @example
 * const tasks = liveCollection<Task>(snorky.services.datasync, '/tasks', {
 *   model: 'Task',
 * });
 * tasks.changed.add(() => render(tasks.items, tasks.state));
 */
export const liveCollection: IfDeclared<
  'models',
  MakeNamed & MakeLive,
  MakeLive
> = <Row, Item>(
  datasync: DataSync,
  url: string | URL,
  options: LiveItemOptions<Row, Item> | LiveListOptions<Row, Item>,
) => {
  const { key = 'id', itemsAreEqual } = options;
  const keyOf = itemsAreEqual ? undefined : keyReader(key);
  // The signatures decide by the options which of the two it is. They also
  // demand transformItem where it is needed.
  return (
    options.single === true
      ? new ItemView(datasync, url, options, new SingleRow(options, keyOf))
      : new ListView(datasync, url, options, new RowList([], options, keyOf))
  ) as never;
};

class ListView<Row, Item>
  extends LiveFeed<Row, Item, RowList<Row, Item>, LiveCollectionSnapshot<Item>>
  implements LiveCollection<Item>
{
  get items(): readonly Item[] {
    return this.$rows.$items;
  }

  /** @internal */
  $show(): LiveCollectionSnapshot<Item> {
    const { state, error } = this;
    return { state, error, items: this.$rows.$show() };
  }
}

class ItemView<Row, Item>
  extends LiveFeed<Row, Item, SingleRow<Row, Item>, LiveItemSnapshot<Item>>
  implements LiveItem<Item>
{
  get item(): Item | undefined {
    return this.$rows.$item;
  }

  /** @internal */
  $show(): LiveItemSnapshot<Item> {
    const { state, error } = this;
    return { state, error, item: this.$rows.$item };
  }
}
