import {
  BadRequestException,
  ServiceUnavailableException,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type NestInterceptor,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { AsyncResource } from 'node:async_hooks';
import { defer, from, mergeMap, type Observable } from 'rxjs';
import { NotJsonError } from '../../../core/frozen-json.js';
import { isInstance } from '../../../core/is-instance.js';
import { RpcError } from '../../../core/rpc-error.js';
import {
  INTERCEPTORS_METADATA,
  METHOD_METADATA,
} from '../../../nest/nest-internals.js';
import { ofThisCopy } from '../../../nest/package-copies.js';
import { setupError } from '../../../nest/setup-errors.js';
import { WireError } from '../../../protocol/errors.js';
import {
  asksToSubscribe,
  SubscriptionHeader,
} from '../../../protocol/subscription-headers.js';
import type { DataSyncService } from '../datasync.service.js';
import type { ItemRequest } from '../subscription/life-states.js';
import type {
  SubscribablePlan,
  SubscribableRequest,
} from './subscribable-plan.js';
import {
  checkPart,
  findDealer,
  subscribableTarget,
} from './subscribable-target.js';
import { SubscriptionAnswer, type Grant } from './subscription-answer.js';
import { wholeAnswer } from './whole-answer.js';

/** A decorated method. */
interface Place {
  readonly plan: SubscribablePlan;
  readonly target: object;
  readonly key: string | symbol;
}

/** What a route got wrong, not its caller. */
const OWN_MISTAKES: ReadonlySet<unknown> = new Set([
  WireError.itemsNotAList,
  WireError.itemNotAnObject,
  WireError.missingDealer,
  WireError.dealerNotAName,
  WireError.noSuchDealer,
  WireError.missingQuery,
]);

/**
 * What `@Subscribable()` puts around a route. As a guard, which comes before all
 * interceptors, it sees to the headers of whatever is answered. As the innermost
 * interceptor it authorizes.
 */
export abstract class SubscribableRoute
  implements CanActivate, NestInterceptor, OnApplicationBootstrap
{
  private readonly who: string;
  private service: DataSyncService | undefined;

  constructor(
    private readonly modules: ModulesContainer,
    private readonly place: Place,
  ) {
    const { target, key } = place;
    this.who = `${target.constructor.name}.${String(key)}()`;
    // Nest reads the list before the first hook of its life cycle.
    this.moveInside();
  }

  onApplicationBootstrap(): void {
    const method = this.method();
    // Set by @Get() and the like.
    if (!Reflect.hasMetadata(METHOD_METADATA, method)) {
      throw setupError('SNORKY_SUBSCRIBABLE_PLACE', this.who);
    }
    if (interceptorsOf(method).filter(isOne).length > 1) {
      throw setupError('SNORKY_SUBSCRIBABLE_TWICE', this.who);
    }
    checkPart(this.place.plan.options, this.who);
    this.ready();
  }

  canActivate(context: ExecutionContext): boolean {
    if (context.getType() !== 'http') return true;
    const http = context.switchToHttp();
    const answer = SubscriptionAnswer.to(http.getResponse());
    if (asks(http.getRequest())) this.expect(answer);
    return true;
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    // A method may be a command too.
    if (context.getType() !== 'http') return next.handle();
    const http = context.switchToHttp();
    const request = http.getRequest<SubscribableRequest>();
    if (!asks(request)) return next.handle();
    const answer = SubscriptionAnswer.to(http.getResponse());
    // Who subscribes may do so outside of the scope that it was called in.
    const scope = new AsyncResource('SnorkySubscribable');
    return defer(() =>
      scope.runInAsyncScope(() => this.follow(request, answer, next)),
    );
  }

  private follow(
    request: SubscribableRequest,
    answer: SubscriptionAnswer,
    next: CallHandler,
  ): Observable<unknown> {
    answer.onHead = () => {};
    const part = this.place.plan.partFor(request as never);
    const authorized = this.authorize(request);
    const handled = next.handle();
    let grant: Grant | undefined;
    const rows = from(authorized).pipe(
      mergeMap((token) => {
        grant = { token, part, withdraw: () => this.withdraw(token) };
        answer.grant(grant);
        return handled;
      }),
    );
    return wholeAnswer(rows, {
      // Whatever becomes of the error: a filter may answer it with success.
      failed: () => answer.takeBack(grant),
      abandoned: () => {
        this.expect(answer);
        if (grant !== undefined) answer.takeBack(grant);
        else authorized.then((token) => this.withdraw(token), ignore);
      },
    });
  }

  /** Has it noticed when rows are answered without the handler's token. */
  private expect(answer: SubscriptionAnswer): void {
    answer.onHead = (status, granted) => {
      if (status < 300 && !granted) this.bypassed();
    };
  }

  private async authorize(request: SubscribableRequest): Promise<string> {
    const service = this.ready();
    try {
      const items = await this.place.plan.itemsFor(request as never);
      // Names that are none are the service's to refuse.
      const named = items.map(({ dealer, query }): ItemRequest => ({
        dealer:
          typeof dealer === 'function'
            ? findDealer(service, dealer, this.who).name
            : dealer,
        query,
      }));
      return await service.authorizeSubscription(named);
    } catch (error) {
      throw this.toHttp(error, service);
    }
  }

  private toHttp(error: unknown, service: DataSyncService): unknown {
    // `Number(request.params.id)` of what is no number.
    if (isInstance(error, NotJsonError) && error.kind === 'number') {
      return new BadRequestException({
        message: 'Invalid query',
        error: 'Bad Request',
        statusCode: 400,
      });
    }
    if (!isInstance(error, RpcError)) return error;
    if (error.value === WireError.tooManyTokens) {
      return new ServiceUnavailableException({
        message: error.value,
        error: 'Service Unavailable',
        statusCode: 503,
      });
    }
    if (!OWN_MISTAKES.has(error.value)) {
      return new BadRequestException({
        message: error.value,
        error: 'Bad Request',
        statusCode: 400,
      });
    }
    const names = service.$dealers.map(({ name }) => name).join(', ');
    return new Error(
      `${this.who} asks for a subscription that cannot be: ${error.message}. ` +
        `Give a list of { dealer, query }; service "${service.name}" has the ` +
        `dealers ${names || '(none)'}.`,
      { cause: error },
    );
  }

  private withdraw(token: string): void {
    const service = this.ready();
    service.$withdraw(token).catch((error: unknown) => {
      service.registry.failed(`withdraw:${service.name}`, error, () => {
        return 'Could not withdraw a token; nobody has it, and it will expire';
      });
    });
  }

  private bypassed(): void {
    const service = this.ready();
    service.registry.log.warn(`bypassed:${service.name}`, () => {
      return `${this.who} was asked for a subscription, but an interceptor answered in its place: no token was given. A cache must leave requests with ${SubscriptionHeader.ask} alone.`;
    });
  }

  private ready(): DataSyncService {
    const { modules, place } = this;
    this.service ??= subscribableTarget(modules, place.plan, this.who);
    return this.service;
  }

  /**
   * Makes this the last interceptor, wherever its decorator is written. One
   * inside of it could answer from a cache: rows older than the token, and what
   * changed in between would be lost.
   */
  private moveInside(): void {
    const method = this.method();
    const all = interceptorsOf(method);
    const own = this.constructor;
    if (all.at(-1) === own || !all.includes(own)) return;
    const sorted = [...all.filter((one) => one !== own), own];
    Reflect.defineMetadata(INTERCEPTORS_METADATA, sorted, method);
  }

  private method(): object {
    const { target, key } = this.place;
    return Reflect.get(target, key) as object;
  }
}

ofThisCopy(SubscribableRoute);

function asks({ method, headers }: SubscribableRequest): boolean {
  // Without rows there is nothing to follow.
  if (method === 'HEAD') return false;
  return asksToSubscribe(headers[SubscriptionHeader.ask.toLowerCase()]);
}

function ignore(): void {}

function interceptorsOf(method: object): readonly unknown[] {
  return (Reflect.getMetadata(INTERCEPTORS_METADATA, method) ??
    []) as readonly unknown[];
}

function isOne(interceptor: unknown): boolean {
  return (
    typeof interceptor === 'function' &&
    interceptor.prototype instanceof SubscribableRoute
  );
}
