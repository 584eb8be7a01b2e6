import { disown, isPromiseLike } from '../../../core/promise-like.js';
import type { JsonValue } from '../../../protocol/json.js';
import type { ModelOf } from '../../../protocol/snorky-types.js';

/** One of the things that a subscription is to. */
export interface SubscriptionItem {
  /** The name of a dealer. */
  readonly dealer: string;
  /** What is asked of the dealer's model. The dealer says what it may be. */
  readonly query: JsonValue;
  /** @internal */
  readonly subscription: object;
}

interface State {
  readonly items: Set<SubscriptionItem>;
  /** Whose it is. */
  service: object | undefined;
}

/** In one object under a symbol, as in `Service`, which says why. */
const state: unique symbol = Symbol('snorky:dealer');

/**
 * Decides who hears of a change: matches the rows of one model with the queries
 * of subscriptions.
 *
 * `matches` is all that a dealer must have. The three methods about items are an
 * index over it, for dealers that can find the matching items faster than by
 * trying each; they must agree with `matches`.
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
  /** How subscriptions refer to this dealer. @default the name of the class */
  readonly name: string = this.constructor.name;
  /** The model whose deltas this dealer is given. */
  abstract readonly model: ModelOf<Row>;

  /**
   * The fields of a row that it looks at. A deleted row, and `oldData`, needs
   * these and its key; without some of them nobody could tell who has the row
   * (see `models` of the module). A filter dealer refuses filters on others.
   *
   * @default any field; of a `SimpleDealer` those that `getKeyForModel` reads
   */
  readonly fields?: readonly string[];

  private readonly [state]: State = { items: new Set(), service: undefined };

  /**
   * Whether a row is among what a query asks for. Must be pure: the same answer
   * for the same row, now and when a log is replayed. If it throws, or answers
   * neither true nor false, nobody hears of the change through this dealer: refuse
   * in `checkQuery` what it cannot use.
   */
  abstract matches(query: JsonValue, row: Row): boolean;

  /**
   * Refuses a query that this dealer cannot use, by throwing an `RpcError` when
   * a subscription is authorized. @default every query will do
   */
  checkQuery(_query: JsonValue): void {}

  /** A subscription with an item for this dealer has been acquired. */
  addSubscriptionItem(item: SubscriptionItem): void {
    this[state].items.add(item);
  }

  /** The subscription has ended, or its client has gone. */
  removeSubscriptionItem(item: SubscriptionItem): void {
    this[state].items.delete(item);
  }

  /**
   * The items whose query a row matches. Called once for an insert or a delete,
   * and for an update with the old and with the new row.
   */
  getSubscriptionItemsForModel(row: Row): Iterable<SubscriptionItem> {
    const matching: SubscriptionItem[] = [];
    for (const item of this[state].items) {
      if (answerOf(this, item.query, row)) matching.push(item);
    }
    return matching;
  }

  /** @internal Answers false when it is another service's already. */
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
 * What a dealer says of a row. A promise, which an `async` method gives, would be
 * true for everybody.
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
 * Refuses a promise from a method that must be done when it returns. Nobody would
 * wait for the promise, or handle its rejection.
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
 * The items as a list, which cannot throw half way: a dealer may answer with a
 * generator.
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
