import type { Type } from '@nestjs/common';
import type { IncomingHttpHeaders } from 'node:http';
import type { MaybePromise } from '../../../broker/ports.js';
import type { UpgradeUser } from '../../../nest/gateway/upgrade-request.js';
import type { JsonValue } from '../../../protocol/json.js';
import { encodePart } from '../../../protocol/subscription-headers.js';
import { Dealer } from '../dealers/dealer.js';

/** A dealer of a DataSync service: its class, or its name. */
export type DealerReference = Type<Dealer<never>> | string;

/** One of the things that an answer lets its reader follow. */
export interface SubscribableItem {
  readonly dealer: DealerReference;
  readonly query: JsonValue;
}

/** What of a request Express and Fastify have in common. */
export interface SubscribableRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: unknown;
  /** Set by guards or middleware, undefined until then. */
  readonly user: UpgradeUser;
}

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
export interface PartialAnswer<Request extends object = SubscribableRequest> {
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

/** How an answer may be subscribed to. */
export type SubscribableOptions<Request extends object = SubscribableRequest> =
  SubscribableService & (WholeAnswer | PartialAnswer<Request>);

/** What `@Subscribable()` was told. */
export interface SubscribablePlan {
  /** What is the same for every request, to be checked before the first one. */
  readonly fixed: {
    readonly dealer?: DealerReference;
    readonly query?: JsonValue;
  };
  readonly options: SubscribableOptions<never>;
  itemsFor(request: never): MaybePromise<readonly SubscribableItem[]>;
  /** What the header says of a part; undefined for whole answers. */
  partFor(request: never): string | undefined;
}

type Query = JsonValue | ((request: never) => MaybePromise<JsonValue>);
type Items = (request: never) => MaybePromise<readonly SubscribableItem[]>;

/** Tells the two ways of writing it apart. */
export function subscribablePlan(
  what: DealerReference | Items,
  rest: readonly unknown[],
): SubscribablePlan {
  if (typeof what === 'function' && !isDealer(what)) {
    const [options = {}] = rest as [SubscribableOptions<never>?];
    return { fixed: {}, options, itemsFor: what, partFor: partOf(options) };
  }
  const [query = null, options = {}] = rest as [
    Query?,
    SubscribableOptions<never>?,
  ];
  const partFor = partOf(options);
  if (typeof query !== 'function') {
    const items = [{ dealer: what, query }];
    const fixed = { dealer: what, query };
    return { fixed, options, itemsFor: () => items, partFor };
  }
  return {
    fixed: { dealer: what },
    options,
    itemsFor: async (request) => [
      { dealer: what, query: await query(request) },
    ],
    partFor,
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

function isDealer(what: Type<Dealer<never>> | Items): what is Type {
  const prototype: unknown = what.prototype;
  return prototype instanceof Dealer;
}
