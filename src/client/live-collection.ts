import { isJsonObject, type JsonValue } from '../protocol/json.js';
import { ArrayCollection } from './collections/array-collection.js';
import type { Collection } from './collections/collection.js';
import {
  CollectionDeltaProcessor,
  type CollectionDeltaProcessorOptions,
} from './collections/collection-delta-processor.js';
import { SingleItemCollection } from './collections/single-item-collection.js';
import type { DataSync } from './datasync.js';
import { connectorError } from './errors.js';
import { LiveFeed, type LiveState } from './live-feed.js';
import type { Signal } from './signal.js';
import type { Fetch, SubscribingRequest } from './subscribing-fetch.js';

/** Options of {@link liveCollection}. */
export interface LiveOptions<Row, Item = Row> {
  /** The model whose rows these are, as the server publishes their deltas. */
  readonly model: string;
  /**
   * What tells rows apart: a property, or a function of the row.
   *
   * @default 'id', unless there is `itemsAreEqual`
   */
  readonly key?: string | ((row: Row | Item) => JsonValue);
  /**
   * Compares a known item with that of a delta, instead of a key. Each delta
   * then takes a walk over the items.
   */
  readonly itemsAreEqual?: (item: Item, other: Row) => boolean;
  /** What becomes an item of each row that is fetched, inserted or updated. */
  readonly transformItem?: (row: Row) => Item;
  /** Where in the answer the rows are. @default the whole of it */
  readonly rows?: (body: never) => unknown;
  /** Headers, credentials and the like; a function is asked before each fetch. */
  readonly request?: SubscribingRequest['request'];
  /** @default the global `fetch` */
  readonly fetch?: Fetch;
  /** Milliseconds that a fetch may take; 0: for ever. @default 30000 */
  readonly timeout?: number;
}

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

type Replace = (rows: unknown) => void;

/** What lists and items have in common. */
abstract class LiveView<Row, Item> implements Live {
  readonly changed: Signal<[]>;
  private readonly feed: LiveFeed;

  /** @param replace Takes all rows that were fetched. */
  constructor(
    datasync: DataSync,
    url: string,
    options: LiveOptions<Row, Item>,
    collection: Collection<Row, unknown>,
    replace: Replace,
  ) {
    this.changed = new datasync.snorky.Signal<[]>();
    const { model, itemsAreEqual, key, request, rows } = options;
    const collections = { [model]: collection };
    const comparison = {
      key,
      ...(itemsAreEqual === undefined ? {} : { itemsAreEqual }),
    } as CollectionDeltaProcessorOptions;
    let processor = new CollectionDeltaProcessor(collections, comparison);
    this.feed = new LiveFeed(
      datasync,
      {
        url,
        fetch: options.fetch ?? ((to, init) => fetch(to, init)),
        timeout: options.timeout ?? 30_000,
        ...(request === undefined ? {} : { request }),
      },
      {
        reset: (body) => {
          replace(rows === undefined ? body : rows(body as never));
          // Versions of what was there say nothing of what is there now.
          processor = new CollectionDeltaProcessor(collections, comparison);
        },
        apply: (deltas) => processor.processDeltas(deltas),
        changed: () => this.changed.dispatch(),
      },
    );
  }

  get state(): LiveState {
    return this.feed.state;
  }

  get error(): unknown {
    return this.feed.error;
  }

  get ready(): Promise<void> {
    return this.feed.ready;
  }

  refresh(): void {
    this.feed.refresh();
  }

  close(): void {
    this.feed.close();
  }
}

class ListView<Row, Item>
  extends LiveView<Row, Item>
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
      if (!Array.isArray(rows)) {
        throw connectorError('SNORKY_BODY_UNEXPECTED', url, 'a list');
      }
      collection.reset(rows as Row[]);
    });
    this.items = items;
  }
}

class ItemView<Row, Item>
  extends LiveView<Row, Item>
  implements LiveItem<Item>
{
  private readonly held: { row?: Row | undefined; item?: Item | undefined };

  constructor(
    datasync: DataSync,
    url: string,
    options: LiveItemOptions<Row, Item>,
  ) {
    const { transformItem = (row: Row) => row as unknown as Item } = options;
    const held: { row?: Row | undefined; item?: Item | undefined } = {};
    const update = (row: Row): void => {
      held.item = transformItem(row);
      held.row = row;
    };
    // It compares rows, not what was made of them.
    const collection = new SingleItemCollection<Row>(
      () => held.row,
      update,
      () => {
        held.row = undefined;
        held.item = undefined;
      },
    );
    super(datasync, url, options, collection, (row) => {
      if (!isJsonObject(row)) {
        throw connectorError('SNORKY_BODY_UNEXPECTED', url, 'an object');
      }
      update(row as Row);
    });
    this.held = held;
  }

  get item(): Item | undefined {
    return this.held.item;
  }
}
