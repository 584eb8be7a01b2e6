import { isJsonObject } from '../protocol/json.js';
import type {
  DeclaredModel,
  IfDeclared,
  RowOf,
} from '../protocol/snorky-types.js';
import { bareUrl } from './answer.js';
import { ArrayCollection } from './collections/array-collection.js';
import type { Making } from './collections/array-collection-options.js';
import { SingleItemCollection } from './collections/single-item-collection.js';
import { type KeyOption, keyReader } from './collections/key.js';
import type { DataSync } from './datasync.js';
import { liveError } from './errors.js';
import { LiveFeed } from './live-feed.js';
import type { LiveOptions } from './live-options.js';
import type { LiveState } from './live-state.js';
import type { Signal } from './signal.js';

/** Options for a list. */
export interface LiveListOptions<Row, Item = Row> extends LiveOptions<
  Row,
  Item
> {
  readonly single?: false;
  /**
   * Compares a known item with the row of a delta, instead of a key. Each delta
   * then takes a walk over the items.
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
  /** Compares the known row with that of a delta, instead of a key. */
  readonly itemsAreEqual?: (row: Row, other: Row) => boolean;
}

/** What rows are told apart by. */
interface Comparing {
  readonly key?: KeyOption<never>;
  readonly itemsAreEqual?: unknown;
}

/** `transformItem` is needed unless rows are items. */
type Made<Row, Item> = [Row] extends [Item] ? unknown : Making<Row, Item>;

/** What is common to lists and single items that follow the server. */
export interface Live {
  readonly state: LiveState;
  /** Why it has failed, or why its rows could not be fetched yet. */
  readonly error: unknown;
  /** Settles when it is live for the first time, or has failed. */
  readonly ready: Promise<void>;
  /** Dispatched after rows, or the state, have changed. */
  readonly changed: Signal<[]>;
  /** Fetches again. */
  refresh(): void;
  /** Ends it, and its subscription. */
  close(): void;
}

/** A list that follows the server. */
export interface LiveCollection<Item> extends Live {
  /** Always the same array. */
  readonly items: readonly Item[];
}

/** One item that follows the server. */
export interface LiveItem<Item> extends Live {
  /** Undefined before it was fetched, and after it was deleted. */
  readonly item: Item | undefined;
}

/** How live collections are made: `liveCollection` says of what. */
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
  /** Where only the value of `single` says which of both it is. */
  <Row, Item = Row>(
    datasync: DataSync,
    url: string | URL,
    options: (LiveItemOptions<Row, Item> | LiveListOptions<Row, Item>) &
      Made<Row, Item>,
  ): LiveItem<Item> | LiveCollection<Item>;
}

/** The same, of rows that are known by the name of their model. */
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

/** A model that is declared. */
interface Named<Model> {
  readonly model: Model;
}

type RowNamed<Model> = Model extends DeclaredModel ? RowOf<Model> : never;

/**
 * Rows of a REST handler, kept up to date: fetches them together with a
 * subscription, applies every change, goes on after a loss of the connection
 * where it was interrupted, and fetches again where that is not possible.
 *
 * The handler is one with `@Subscribable`. Of a model that `SnorkyTypes` declares,
 * the rows need not be named.
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
) =>
  // Which of both it is, the signatures tell by the options.
  (options.single === true
    ? new ItemView<Row, Item>(datasync, String(url), options)
    : new ListView<Row, Item>(datasync, String(url), options)) as never;

/** Rows without their key would be inserted, and never change. */
function expectRows(
  url: string,
  { key = 'id', itemsAreEqual }: Comparing,
  body: unknown,
  rows: readonly unknown[] | false,
  expected: string,
): void {
  const keyOf = itemsAreEqual ? () => 0 : keyReader(key);
  if (rows && rows.every((row) => keyOf(row) !== undefined)) return;
  const keyed = itemsAreEqual ? '' : ` with the key "${String(key)}"`;
  const came = rows ? '' : `, but ${body === null ? 'null' : typeof body}`;
  const name = bareUrl(url);
  throw liveError('SNORKY_BODY_UNEXPECTED', name, expected + keyed + came);
}

class ListView<Row, Item>
  extends LiveFeed<Row, Item>
  implements LiveCollection<Item>
{
  readonly items: readonly Item[];

  constructor(
    datasync: DataSync,
    url: string,
    options: LiveListOptions<Row, Item>,
  ) {
    const items: Item[] = [];
    // That there is transformItem where it is needed was checked by then.
    const collection = new ArrayCollection<Row, Item>(
      items as never,
      options.itemsAreEqual ? options : { key: 'id' as never, ...options },
    );
    super(datasync, url, options, collection, (rows) => {
      // There is no such list: what was known of it may still be of use.
      if (rows === undefined) return;
      expectRows(
        url,
        options,
        rows,
        Array.isArray(rows) && rows,
        'a list of rows',
      );
      collection.reset(rows as Row[]);
    });
    this.items = items;
  }
}

class ItemView<Row, Item>
  extends LiveFeed<Row, Item>
  implements LiveItem<Item>
{
  private readonly known: { row?: Row | undefined; item?: Item | undefined };

  constructor(
    datasync: DataSync,
    url: string,
    options: LiveItemOptions<Row, Item>,
  ) {
    const { transformItem = (row: Row) => row as unknown as Item } = options;
    const known: { row?: Row | undefined; item?: Item | undefined } = {};
    const update = (row: Row): void => {
      known.item = transformItem(row);
      known.row = row;
    };
    const remove = (): void => {
      known.row = known.item = undefined;
    };
    // It compares rows, not what was made of them.
    const collection = new SingleItemCollection<Row>(
      () => known.row,
      update,
      remove,
    );
    super(datasync, url, options, collection, (row) => {
      if (row === undefined) {
        remove();
        return;
      }
      expectRows(url, options, row, isJsonObject(row) && [row], 'a row');
      update(row as Row);
    });
    this.known = known;
  }

  get item(): Item | undefined {
    return this.known.item;
  }
}
