import type { Type } from '@nestjs/common';
import type { MaybePromise } from '../../../protocol/maybe-promise.js';
import { timeOf } from '../../../nest/gateway/identification.js';
import type { RouteRequest } from '../../../nest/gateway/route-request.js';
import type { JsonInput } from '../../../protocol/json-input.js';
import { encodePart } from '../../../protocol/subscription-headers.js';
import { Dealer, type AnyDealer } from '../dealers/dealer.js';

/** A dealer of a DataSync service: its class, or its name. */
export type DealerReference = Type<AnyDealer> | string;

/** One of the things that an answer lets its reader follow. */
export interface SubscribableItem {
  readonly dealer: DealerReference;
  readonly query: JsonInput;
}

export type { RouteRequest as SubscribableRequest };

/** Through which DataSync service an answer is subscribed to. */
export interface SubscribableService {
  /** Its name. @default 'datasync', or the only one there is */
  readonly service?: string;
  /** Needed where several registries have a service of that name. */
  readonly registry?: string;
}

/** The answer has every row that its items match. */
export interface WholeAnswer {
  readonly partial?: false;
  readonly orderedBy?: undefined;
}

/**
 * The answer has a part of the rows that its items match: the newest ten, or
 * page 2. One row that comes, goes or moves changes which others are in it, so a
 * page fetches the part again then.
 */
export interface PartialAnswer<Request extends object = RouteRequest> {
  readonly partial: true;
  /**
   * Every field of a row that decides whether it is in the part, and where: what
   * the rows are sorted by, ties included, and what the handler filters by and
   * the dealer does not. A change of other fields is applied in place then.
   *
   * At most 16. A function is asked for each request.
   *
   * @default not known: the part is fetched again after every change
   */
  readonly orderedBy?:
    readonly string[] | ((request: Request) => readonly string[]);
}

/** Who may use the token of an answer, and until when. */
export interface SubscribableToken<Request extends object = RouteRequest> {
  /**
   * The token is for whoever has it, also where the gateway tells whose the
   * request is: `identifyRequest` is not asked.
   *
   * @default false
   */
  readonly bearer?: boolean;
  /** Milliseconds after which the subscription ends. @default it does not */
  readonly expiresIn?: number;
  /**
   * When it ends, instead: a number is milliseconds since 1970, undefined is
   * never. An identity that expires earlier ends it earlier.
   */
  readonly expiresAt?: (request: Request) => Date | number | undefined;
}

/** How an answer may be subscribed to. */
export type SubscribableOptions<Request extends object = RouteRequest> =
  SubscribableService &
    SubscribableToken<Request> &
    (WholeAnswer | PartialAnswer<Request>);

/** What `@Subscribable()` was told. */
export interface SubscribablePlan {
  /** What is the same for every request, to be checked before the first one. */
  readonly fixed: {
    readonly dealer?: DealerReference;
    readonly query?: JsonInput;
  };
  readonly options: SubscribableOptions<never>;
  itemsFor(request: never): MaybePromise<readonly SubscribableItem[]>;
  /** What the header says of a part; undefined for whole answers. */
  partFor(request: never): string | undefined;
  /** When it ends, in milliseconds since 1970; `Infinity` if never. */
  expiryFor(request: never): number;
}

type Query = JsonInput | ((request: never) => MaybePromise<JsonInput>);
type Items = (request: never) => MaybePromise<readonly SubscribableItem[]>;

/** Tells the two ways of writing it apart. */
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
