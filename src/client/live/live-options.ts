import type { LiveModel } from '../../protocol/snorky-types.js';
import type { KeyOption } from '../collections/key.js';
import type { RefetchOptions } from './part.js';
import type { Fetch, SubscribingRequest } from './subscribing-fetch.js';

/** Options that lists and single items have in common. */
export interface LiveOptions<Row, Item = Row> {
  /** The model of the rows, as the server publishes its deltas. */
  readonly model: LiveModel<Row>;
  /**
   * The property that identifies a row, or a function of the row.
   *
   * @default 'id', unless there is `itemsAreEqual`
   */
  readonly key?: KeyOption<Row>;
  /** Makes an item of each row that is fetched, inserted or updated. */
  readonly transformItem?: (row: Row) => Item;
  /** Finds the rows in the body of the answer. @default the whole of it */
  readonly rows?: (body: never) => unknown;
  /**
   * Headers, credentials and the like. A function is called before each fetch.
   */
  readonly request?: SubscribingRequest['request'];
  /** @default the global `fetch` */
  readonly fetch?: Fetch;
  /** Milliseconds that a fetch may take; 0: any time. @default 30000 */
  readonly timeout?: number;
  /** Bytes of an answer at most. @default 67108864 */
  readonly maxBytes?: number;
  /**
   * When a part of the rows is fetched again after a change that concerns it.
   */
  readonly refetch?: RefetchOptions;
}
