import {
  ForbiddenException,
  type ArgumentMetadata,
  type ArgumentsHost,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
} from '@nestjs/common';
import { AsyncResource } from 'node:async_hooks';
import {
  defer,
  from,
  isObservable,
  lastValueFrom,
  mergeAll,
  of,
  type Observable,
} from 'rxjs';
import { CATCH_METADATA } from '../setup/nest-internals.js';

/** What guards answer with when one says no. */
const FORBIDDEN = 'Forbidden resource';

/** What runs around one method, outermost first, ready to be run. */
export interface Enhancers {
  readonly guards: readonly CanActivate[];
  readonly interceptors: readonly NestInterceptor[];
  /** For every parameter. */
  readonly pipes: readonly PipeTransform[];
  /** For one parameter each, by its index. */
  readonly paramPipes: readonly (readonly PipeTransform[] | undefined)[];
  readonly filters: readonly ExceptionFilter[];
}

/**
 * Runs guards, then interceptors around whatever `next` does.
 *
 * @throws ForbiddenException when a guard says no.
 */
export async function runEnhanced(
  { guards, interceptors }: Enhancers,
  context: ExecutionContext,
  next: () => unknown,
): Promise<unknown> {
  for (const guard of guards) {
    let answer: unknown = guard.canActivate(context);
    if (typeof answer !== 'boolean') {
      answer = await answer;
      if (isObservable(answer)) answer = await lastValueFrom(answer);
    }
    // Like Nest: whatever counts as true.
    if (!answer) throw new ForbiddenException(FORBIDDEN);
  }
  if (interceptors.length === 0) return resultOf(await next());
  return resultOf(intercepted(interceptors, 0, context, next));
}

/** The last value of an Observable, null where it has none. */
export function resultOf(result: unknown): unknown {
  if (typeof result !== 'object' || result === null) return result;
  return 'subscribe' in result && isObservable(result)
    ? lastValueFrom(result, { defaultValue: null })
    : result;
}

function intercepted(
  interceptors: readonly NestInterceptor[],
  index: number,
  context: ExecutionContext,
  next: () => unknown,
): Observable<unknown> {
  // What an interceptor has set up in its own asynchronous context holds for
  // what it calls, wherever it subscribes.
  const scope = new AsyncResource('SnorkyInterceptor');
  const step = async (): Promise<Observable<unknown>> => {
    const interceptor = interceptors[index];
    if (interceptor === undefined) {
      const result = await next();
      return isObservable(result) ? result : of(result);
    }
    return interceptor.intercept(context, {
      handle: () => intercepted(interceptors, index + 1, context, next),
    });
  };
  return defer(() => from(scope.runInAsyncScope(step))).pipe(mergeAll());
}

/** Makes of a value what pipes make of it, one after the other. */
export async function piped(
  pipes: readonly PipeTransform[],
  value: unknown,
  metadata: ArgumentMetadata,
): Promise<unknown> {
  let result: unknown = value;
  for (const pipe of pipes) {
    result = await pipe.transform(result, metadata);
  }
  return result;
}

/**
 * The filter that catches an exception: the one nearest to the method, of those
 * that were given together the last.
 */
export function filterFor(
  { filters }: Enhancers,
  exception: unknown,
): ((host: ArgumentsHost) => unknown) | undefined {
  const filter = filters.findLast((one) => {
    const caught = caughtBy(one);
    return (
      caught.length === 0 || caught.some((type) => exception instanceof type)
    );
  });
  if (filter === undefined) return undefined;
  return (host): unknown =>
    Reflect.apply(filter.catch, filter, [exception, host]);
}

type ErrorClass = abstract new (...args: never[]) => unknown;

function caughtBy(filter: ExceptionFilter): readonly ErrorClass[] {
  const prototype = Object.getPrototypeOf(filter) as object;
  // The class says it; newer versions of Nest note it on the prototype too.
  return (Reflect.getMetadata(CATCH_METADATA, prototype) ??
    Reflect.getMetadata(CATCH_METADATA, filter.constructor) ??
    []) as readonly ErrorClass[];
}
