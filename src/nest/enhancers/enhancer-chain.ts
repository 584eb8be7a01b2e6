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

/** The answer when a guard refuses. */
const FORBIDDEN = 'Forbidden resource';

/** The enhancers of one method, the outermost first, ready to run. */
export interface Enhancers {
  readonly guards: readonly CanActivate[];
  readonly interceptors: readonly NestInterceptor[];
  /** Pipes for every parameter. */
  readonly pipes: readonly PipeTransform[];
  /** Pipes for one parameter each, by its index. */
  readonly paramPipes: readonly (readonly PipeTransform[] | undefined)[];
  readonly filters: readonly ExceptionFilter[];
}

/**
 * Runs guards, then interceptors around `next`.
 *
 * @throws ForbiddenException when a guard refuses.
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
    // As in Nest, any truthy answer counts.
    if (!answer) throw new ForbiddenException(FORBIDDEN);
  }
  if (interceptors.length === 0) return resultOf(await next());
  return resultOf(intercepted(interceptors, 0, context, next));
}

/**
 * The last value of an Observable, null if it has none. Other results stay as
 * they are.
 */
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
  // An interceptor may set up an asynchronous context. It must hold for
  // everything that runs inside, wherever the interceptor subscribes.
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

/** Passes a value through pipes, one after the other. */
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
 * The filter that catches an exception: the one nearest to the method; of those
 * in one decorator, the last.
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
  // The metadata is on the class; newer versions of Nest also have it on the
  // prototype.
  return (Reflect.getMetadata(CATCH_METADATA, prototype) ??
    Reflect.getMetadata(CATCH_METADATA, filter.constructor) ??
    []) as readonly ErrorClass[];
}
