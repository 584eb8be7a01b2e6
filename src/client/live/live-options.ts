import type { LiveModel } from '../../protocol/snorky-types.js';
import type { KeyOption } from '../collections/key.js';
import type { RefetchOptions } from './part.js';
import type { Fetch, SubscribingRequest } from './subscribing-fetch.js';

/** What is the same for lists and single items. */
export interface LiveOptions<Row, Item = Row> {
  /** The model whose rows these are, as the server publishes their deltas. */
  readonly model: LiveModel<Row>;
  /**
   * What tells rows apart: a property, or a function of the row.
   *
   * @default 'id', unless there is `itemsAreEqual`
   */
  readonly key?: KeyOption<Row>;
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
  /** Bytes that an answer may have. @default 67108864 */
  readonly maxBytes?: number;
  /** When a part of the rows is fetched again after a change of what is in it. */
  readonly refetch?: RefetchOptions;
}
