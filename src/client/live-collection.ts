import { isJsonObject } from '../protocol/json.js';
import { ArrayCollection } from './collections/array-collection.js';
import { SingleItemCollection } from './collections/single-item-collection.js';
import type { DataSync } from './datasync.js';
import { connectorError } from './errors.js';
import { LiveFeed, type LiveOptions, type LiveState } from './live-feed.js';
import type { Signal } from './signal.js';

/** Options for a list. */
export interface LiveListOptions<Row, Item = Row> extends LiveOptions<
  Row,
  Item
> {
  readonly single?: false;
  /** Keeps the items in this order. @default that of fetching and arrival */
  readonly compare?: (left: Item, right: Item) => number;
}

/** Options for one item. */
export interface LiveItemOptions<Row, Item = Row> extends LiveOptions<
  Row,
  Item
> {
  readonly single: true;
}

/** What is common to lists and single items that follow the server. */
export interface Live {
  readonly state: LiveState;
  /** Why it has failed, or is not live at the moment. */
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

/**
 * Rows of a REST handler, kept up to date: fetches them together with a
 * subscription, applies every change, goes on after a loss of the connection
 * where it was interrupted, and fetches again where that is not possible.
 *
 * The handler is one with `@Subscribable`.
 *
 * @example
 * const tasks = liveCollection<Task>(snorky.services.datasync, '/tasks', {
 *   model: 'Task',
 * });
 * tasks.changed.add(() => render(tasks.items, tasks.state));
 */
export function liveCollection<Row, Item = Row>(
  datasync: DataSync,
  url: string,
  options: LiveItemOptions<Row, Item>,
): LiveItem<Item>;
export function liveCollection<Row, Item = Row>(
  datasync: DataSync,
  url: string,
  options: LiveListOptions<Row, Item>,
): LiveCollection<Item>;
export function liveCollection<Row, Item>(
  datasync: DataSync,
  url: string,
  options: LiveItemOptions<Row, Item> | LiveListOptions<Row, Item>,
): LiveItem<Item> | LiveCollection<Item> {
  return options.single === true
    ? new ItemView<Row, Item>(datasync, url, options)
    : new ListView<Row, Item>(datasync, url, options);
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
    const collection = new ArrayCollection<Row, Item>(items, options);
    super(datasync, url, options, collection, (rows) => {
      // There is no such list: what was known of it may still be of use.
      if (rows === undefined) return;
      if (!Array.isArray(rows)) {
        throw connectorError('SNORKY_BODY_UNEXPECTED', url, 'a list');
      }
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
      known.row = undefined;
      known.item = undefined;
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
      if (!isJsonObject(row)) {
        throw connectorError('SNORKY_BODY_UNEXPECTED', url, 'an object');
      }
      update(row as Row);
    });
    this.known = known;
  }

  get item(): Item | undefined {
    return this.known.item;
  }
}
