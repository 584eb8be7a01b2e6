import type { Type } from '@nestjs/common';
import type { IncomingHttpHeaders } from 'node:http';
import type { MaybePromise } from '../../../broker/ports.js';
import type { UpgradeUser } from '../../../nest/gateway/upgrade-request.js';
import type { JsonValue } from '../../../protocol/json.js';
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
export interface SubscribableOptions {
  /** Its name. @default 'datasync', or the only one there is */
  readonly service?: string;
  /** Needed where several registries have a service of that name. */
  readonly registry?: string;
}

/** What `@Subscribable()` was told. */
export interface SubscribablePlan {
  /** What is the same for every request, to be checked before the first one. */
  readonly fixed: {
    readonly dealer?: DealerReference;
    readonly query?: JsonValue;
  };
  readonly options: SubscribableOptions;
  itemsFor(request: never): MaybePromise<readonly SubscribableItem[]>;
}

type Query = JsonValue | ((request: never) => MaybePromise<JsonValue>);
type Items = (request: never) => MaybePromise<readonly SubscribableItem[]>;

/** Tells the two ways of writing it apart. */
export function subscribablePlan(
  what: DealerReference | Items,
  rest: readonly unknown[],
): SubscribablePlan {
  if (typeof what === 'function' && !isDealer(what)) {
    const [options = {}] = rest as [SubscribableOptions?];
    return { fixed: {}, options, itemsFor: what };
  }
  const [query = null, options = {}] = rest as [Query?, SubscribableOptions?];
  if (typeof query !== 'function') {
    const items = [{ dealer: what, query }];
    return { fixed: { dealer: what, query }, options, itemsFor: () => items };
  }
  return {
    fixed: { dealer: what },
    options,
    itemsFor: async (request) => [
      { dealer: what, query: await query(request) },
    ],
  };
}

function isDealer(what: Type<Dealer<never>> | Items): what is Type {
  const prototype: unknown = what.prototype;
  return prototype instanceof Dealer;
}
