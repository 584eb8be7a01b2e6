import { disown, isPromiseLike } from '../../../core/promise-like.js';
import type { JsonValue } from '../../../protocol/json.js';
import type { ModelOf } from '../../../protocol/snorky-types.js';

/** One item of a subscription: a dealer and a query. */
export interface SubscriptionItem {
  /** The name of a dealer. */
  readonly dealer: string;
  /** The question to the dealer's model. The dealer decides what it may be. */
  readonly query: JsonValue;
  /** @internal */
  readonly subscription: object;
}

interface State {
  readonly items: Set<SubscriptionItem>;
  /** The service that the dealer belongs to. */
  service: object | undefined;
}

/**
 * All private state stands in one object under a symbol. `Service` says why.
 */
const state: unique symbol = Symbol('snorky:dealer');

/**
 * Decides who hears of a change: matches the rows of one model with the queries
 * of subscriptions.
 *
 * Only `matches` must be implemented. The three methods about items are an
 * index, for dealers that can find the matching items faster than by trying
 * each. They must agree with `matches`.
 *
 * One instance serves one DataSync service.
 *
 * @example
 * class TasksDueBefore extends Dealer<Task> {
 *   readonly model = 'Task';
 *   matches(query: JsonValue, task: Task) {
 *     return typeof query === 'string' && task.due < query;
 *   }
 * }
 */
export abstract class Dealer<Row = JsonValue> {
  /**
   * The name by which subscriptions refer to this dealer. @default the name of
   * the class
   */
  readonly name: string = this.constructor.name;
  /** The model whose deltas this dealer gets. */
  abstract readonly model: ModelOf<Row>;

  /**
   * The fields of a row that this dealer reads. A deleted row, and `oldData`,
   * must have these fields and the key. If one of them is missing, it cannot be
   * known who has the row (see `models` of the module). A filter dealer refuses
   * filters on other fields.
   *
   * @default any field; of a `SimpleDealer` those that `getKeyForModel` reads
   */
  readonly fields?: readonly string[];

  private readonly [state]: State = { items: new Set(), service: undefined };

  /**
   * Whether a row is one of those that a query asks for. It must be pure: it
   * gives the same answer for the same row, now and when a log is replayed.
   *
   * If it throws, or answers neither true nor false, nobody hears of the change
   * through this dealer. Refuse queries that it cannot use in `checkQuery`.
   */
  abstract matches(query: JsonValue, row: Row): boolean;

  /**
   * Throws an `RpcError` for a query that this dealer cannot use. Called when a
   * subscription is authorized. @default every query will do
   */
  checkQuery(_query: JsonValue): void {}

  /** A subscription with an item for this dealer was acquired. */
  addSubscriptionItem(item: SubscriptionItem): void {
    this[state].items.add(item);
  }

  /** The subscription of an item has ended, or its client has gone. */
  removeSubscriptionItem(item: SubscriptionItem): void {
    this[state].items.delete(item);
  }

  /**
   * The items whose query a row matches. Called once for an insert or a delete.
   * For an update it is called twice, with the old row and with the new one.
   */
  getSubscriptionItemsForModel(row: Row): Iterable<SubscriptionItem> {
    const matching: SubscriptionItem[] = [];
    for (const item of this[state].items) {
      if (answerOf(this, item.query, row)) matching.push(item);
    }
    return matching;
  }

  /**
   * @internal Answers false when the dealer belongs to another service already.
   */
  attach(service: object): boolean {
    const own = this[state];
    own.service ??= service;
    return own.service === service;
  }

  /** @internal Its service has ended. */
  detach(): void {
    this[state].service = undefined;
  }
}

/** A dealer of any rows. */
export type AnyDealer = Omit<Dealer<never>, 'model'> & {
  readonly model: string;
};

/**
 * What a dealer answers about a row. A promise, such as an `async` method
 * returns, would count as true for everybody.
 *
 * @internal
 */
export function answerOf<Row>(
  dealer: Dealer<Row>,
  query: JsonValue,
  row: Row,
): boolean {
  const answer: unknown = dealer.matches(query, row);
  if (typeof answer === 'boolean') return answer;
  throw unusable(dealer.name, 'matches', answer);
}

/**
 * Refuses a promise from a method that must be done when it returns. Nobody
 * would wait for the promise, or handle its rejection.
 *
 * @internal
 */
export function checkDone(
  { name }: Dealer<never>,
  method: 'checkQuery' | 'addSubscriptionItem' | 'removeSubscriptionItem',
  answer: unknown,
): void {
  if (isPromiseLike(answer)) throw unusable(name, method, answer);
}

function unusable(dealer: string, method: string, answer: unknown): Error {
  const isPromise = isPromiseLike(answer);
  disown(answer);
  const expected = method === 'matches' ? 'true or false' : 'nothing';
  return new Error(
    `${method}() of dealer "${dealer}" must answer ${expected}, at once, not ` +
      `${isPromise ? 'a promise' : `a ${typeof answer}`}.`,
  );
}

/**
 * The items as a list. A dealer may answer with a generator, which could throw
 * half way.
 *
 * @internal
 */
export function complete(
  items: Iterable<SubscriptionItem>,
): Iterable<SubscriptionItem> {
  if (Array.isArray(items) || items instanceof Set) return items;
  if (isPromiseLike(items)) {
    disown(items);
    throw new TypeError(
      'getSubscriptionItemsForModel() must answer a list at once, not a promise.',
    );
  }
  return [...items];
}
