import type {
  CallHandler,
  CanActivate,
  ExecutionContext,
  NestInterceptor,
  OnApplicationBootstrap,
} from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { AsyncResource } from 'node:async_hooks';
import { defer, from, mergeMap, of, tap, type Observable } from 'rxjs';
import type { RouteRequest } from '../../../nest/gateway/route-request.js';
import {
  answersItself,
  METHOD_METADATA,
} from '../../../nest/setup/nest-internals.js';
import { ofThisCopy } from '../../../nest/setup/package-copies.js';
import { setupError } from '../../../nest/setup/setup-errors.js';
import {
  askedBy,
  SubscriptionHeader,
} from '../../../protocol/subscription-headers.js';
import type { DataSyncService } from '../datasync.service.js';
import { interceptorsOf, moveInside } from './innermost.js';
import { RouteAuthorization, type RouteToken } from './route-authorization.js';
import type { SubscribablePlan } from './subscribable-plan.js';
import {
  checkOptions,
  findGateways,
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

/**
 * What `@Subscribable()` puts around a route. It is a guard, which runs before
 * all interceptors, to change the headers of any answer. It is also the
 * innermost interceptor, to authorize.
 */
export abstract class SubscribableRoute
  implements CanActivate, NestInterceptor, OnApplicationBootstrap
{
  private readonly who: string;
  private service: DataSyncService | undefined;
  private authorization: RouteAuthorization | undefined;

  constructor(
    private readonly modules: ModulesContainer,
    private readonly place: Place,
  ) {
    const { target, key } = place;
    this.who = `${target.constructor.name}.${String(key)}()`;
    // Nest reads the list before the first hook of its life cycle, so it is
    // changed here.
    moveInside(this.method(), this.constructor);
  }

  onApplicationBootstrap(): void {
    const method = this.method();
    // `@Get()` and the like set this metadata.
    if (!Reflect.hasMetadata(METHOD_METADATA, method)) {
      throw setupError('SNORKY_SUBSCRIBABLE_PLACE', this.who);
    }
    if (interceptorsOf(method).filter(isOne).length > 1) {
      throw setupError('SNORKY_SUBSCRIBABLE_TWICE', this.who);
    }
    checkOptions(this.place.plan.options, this.who);
    this.ready();
  }

  canActivate(context: ExecutionContext): boolean {
    if (context.getType() !== 'http') return true;
    const http = context.switchToHttp();
    const answer = SubscriptionAnswer.to(http.getResponse());
    if (askedOf(http.getRequest()) !== undefined) this.expect(answer);
    return true;
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    // A method may be a route and a command.
    if (context.getType() !== 'http') return next.handle();
    const http = context.switchToHttp();
    const request = http.getRequest<RouteRequest>();
    const asked = askedOf(request);
    if (asked === undefined) return next.handle();
    const answer = SubscriptionAnswer.to(http.getResponse());
    // The subscription to the Observable may happen outside of this call's
    // asynchronous scope.
    const scope = new AsyncResource('SnorkySubscribable');
    return defer(() =>
      scope.runInAsyncScope(() =>
        asked === 'renew'
          ? this.renew(request, answer, http.getResponse())
          : this.follow(request, answer, next),
      ),
    );
  }

  private follow(
    request: RouteRequest,
    answer: SubscriptionAnswer,
    next: CallHandler,
  ): Observable<unknown> {
    answer.onHead = () => {};
    const part = this.place.plan.partFor(request as never);
    const authorized = this.authorize(request, false);
    return this.granted(authorized, next.handle(), answer, { part });
  }

  /**
   * Authorizes for a client that has the rows, without the handler and its
   * pipes. Interceptors get an empty list, because most of them do something
   * with each row.
   */
  private renew(
    request: RouteRequest,
    answer: SubscriptionAnswer,
    response: Answering,
  ): Observable<unknown> {
    answer.onHead = () => {};
    const part = this.place.plan.partFor(request as never);
    const authorized = this.authorize(request, true);
    const renewed = this.granted(authorized, of([]), answer, {
      part,
      isRenewal: true,
    });
    const { target, key } = this.place;
    // Nest leaves the answer of a method with @Res() to the handler.
    return answersItself(target, key)
      ? renewed.pipe(tap(() => response.status(204).send()))
      : renewed;
  }

  private granted(
    authorized: Promise<RouteToken>,
    handled: Observable<unknown>,
    answer: SubscriptionAnswer,
    how: Pick<Grant, 'part' | 'isRenewal'>,
  ): Observable<unknown> {
    let grant: Grant | undefined;
    const rows = from(authorized).pipe(
      mergeMap(({ token, expiresAt }) => {
        const withdraw = (): void => this.withdraw(token);
        grant = { ...how, token, expiresAt, withdraw };
        answer.grant(grant);
        return handled;
      }),
    );
    return wholeAnswer(rows, {
      // Taken back whatever happens to the error: a filter may answer it with
      // success.
      failed: () => answer.takeBack(grant),
      abandoned: () => {
        this.expect(answer);
        if (grant !== undefined) answer.takeBack(grant);
        else authorized.then(({ token }) => this.withdraw(token), ignore);
      },
    });
  }

  private authorize(
    request: RouteRequest,
    renewal: boolean,
  ): Promise<RouteToken> {
    const { modules, place, who } = this;
    this.authorization ??= new RouteAuthorization(
      this.ready(),
      findGateways(modules),
      place.plan,
      who,
    );
    return this.authorization.authorize(request, renewal);
  }

  /** Makes a missing token an error: rows must not be answered without it. */
  private expect(answer: SubscriptionAnswer): void {
    answer.onHead = (status, granted) => {
      if (status < 300 && !granted) this.bypassed();
    };
  }

  private withdraw(token: string): void {
    const service = this.ready();
    service.$withdraw(token).catch((error: unknown) => {
      const failure = { reason: 'withdraw', service: service.name };
      service.registry.failed(failure, error, () => {
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

  private method(): object {
    const { target, key } = this.place;
    return Reflect.get(target, key) as object;
  }
}

ofThisCopy(SubscribableRoute);

function askedOf({
  method,
  headers,
}: RouteRequest): ReturnType<typeof askedBy> {
  // An answer without rows gives nothing to follow.
  if (method === 'HEAD') return undefined;
  return askedBy(headers[SubscriptionHeader.ask.toLowerCase()]);
}

/** What a response of Express and a reply of Fastify have in common. */
interface Answering {
  status(code: number): { send(): unknown };
}

function ignore(): void {}

function isOne(interceptor: unknown): boolean {
  return (
    typeof interceptor === 'function' &&
    interceptor.prototype instanceof SubscribableRoute
  );
}
