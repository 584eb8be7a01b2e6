import type { Type } from '@nestjs/common';
import type { MaybePromise } from '../../../protocol/maybe-promise.js';
import { timeOf } from '../../../nest/gateway/identification.js';
import type { RouteRequest } from '../../../nest/gateway/route-request.js';
import type { JsonInput } from '../../../protocol/json-input.js';
import { encodePart } from '../../../protocol/subscription-headers.js';
import { Dealer, type AnyDealer } from '../dealers/dealer.js';

/** A dealer of a DataSync service: its class, or its name. */
export type DealerReference = Type<AnyDealer> | string;

/** One item that the readers of an answer may follow. */
export interface SubscribableItem {
  readonly dealer: DealerReference;
  readonly query: JsonInput;
}

export type { RouteRequest as SubscribableRequest };

/** The DataSync service of a route. */
export interface SubscribableService {
  /** The name of the service. @default 'datasync', or the only one there is */
  readonly service?: string;
  /**
   * The name of its registry. Required if several registries have a service of
   * that name.
   */
  readonly registry?: string;
}

/** Options of an answer with all rows that its items match. */
export interface WholeAnswer {
  readonly partial?: false;
  readonly orderedBy?: undefined;
}

/**
 * Options of an answer with only a part of the rows that its items match: the
 * newest ten, or page 2. One row that comes, goes or moves may bring in others,
 * so pages fetch the part again then.
 */
export interface PartialAnswer<Request extends object = RouteRequest> {
  readonly partial: true;
  /**
   * Every field that decides whether a row is in the part, and where: the
   * fields that the rows are sorted by, those that break ties, and those that
   * the handler filters by and the dealer does not. A change of other fields is
   * then applied in place.
   *
   * At most 16 fields. A function is called for each request.
   *
   * @default not known: the part is fetched again after every change
   */
  readonly orderedBy?:
    readonly string[] | ((request: Request) => readonly string[]);
}

/** Who may use the token of an answer, and until when. */
export interface SubscribableToken<Request extends object = RouteRequest> {
  /**
   * Whether anybody who has the token may use it, even where the gateway could
   * identify the sender of the request: `identifyRequest` is not called.
   *
   * @default false
   */
  readonly bearer?: boolean;
  /** Milliseconds after which the subscription ends. @default it does not */
  readonly expiresIn?: number;
  /**
   * Computes when the subscription ends, in place of `expiresIn`: a number is
   * milliseconds since 1970, undefined is never. It ends earlier if the
   * identity expires earlier.
   */
  readonly expiresAt?: (request: Request) => Date | number | undefined;
}

/** How an answer may be subscribed to. */
export type SubscribableOptions<Request extends object = RouteRequest> =
  SubscribableService &
    SubscribableToken<Request> &
    (WholeAnswer | PartialAnswer<Request>);

/** The settings of one `@Subscribable()`. */
export interface SubscribablePlan {
  /**
   * The items that are the same for every request. They are checked before the
   * first one.
   */
  readonly fixed: {
    readonly dealer?: DealerReference;
    readonly query?: JsonInput;
  };
  readonly options: SubscribableOptions<never>;
  itemsFor(request: never): MaybePromise<readonly SubscribableItem[]>;
  /** The value of the header for a part; undefined for whole answers. */
  partFor(request: never): string | undefined;
  /**
   * When the subscription ends, in milliseconds since 1970; `Infinity` if
   * never.
   */
  expiryFor(request: never): number;
}

type Query = JsonInput | ((request: never) => MaybePromise<JsonInput>);
type Items = (request: never) => MaybePromise<readonly SubscribableItem[]>;

/** Accepts both forms of the decorator's arguments. */
export function subscribablePlan(
  what: DealerReference | Items,
  rest: readonly unknown[],
): SubscribablePlan {
  if (typeof what === 'function' && !isDealer(what)) {
    const [options = {}] = rest as [SubscribableOptions<never>?];
    return { ...byOptions(options), fixed: {}, itemsFor: what };
  }
  const [query = null, options = {}] = rest as [
    Query?,
    SubscribableOptions<never>?,
  ];
  const always = byOptions(options);
  if (typeof query !== 'function') {
    const items = [{ dealer: what, query }];
    const fixed = { dealer: what, query };
    return { ...always, fixed, itemsFor: () => items };
  }
  return {
    ...always,
    fixed: { dealer: what },
    itemsFor: async (request) => [
      { dealer: what, query: await query(request) },
    ],
  };
}

function byOptions(
  options: SubscribableOptions<never>,
): Pick<SubscribablePlan, 'options' | 'partFor' | 'expiryFor'> {
  return {
    options,
    partFor: partOf(options),
    expiryFor: expiryOf(options),
  };
}

function partOf({
  partial,
  orderedBy = [],
}: SubscribableOptions<never>): SubscribablePlan['partFor'] {
  if (partial !== true) return () => undefined;
  if (typeof orderedBy === 'function') {
    return (request) => encodePart(orderedBy(request));
  }
  return () => encodePart(orderedBy);
}

function expiryOf({
  expiresIn = Infinity,
  expiresAt,
}: SubscribableOptions<never>): SubscribablePlan['expiryFor'] {
  if (expiresAt === undefined) return () => Date.now() + expiresIn;
  return (request) => {
    const time: unknown = expiresAt(request);
    return time === undefined
      ? Infinity
      : timeOf(time, 'The function of @Subscribable() gave');
  };
}

function isDealer(what: Type<AnyDealer> | Items): what is Type {
  const prototype: unknown = what.prototype;
  return prototype instanceof Dealer;
}
