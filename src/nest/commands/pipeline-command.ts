import type { ExecutionContext } from '@nestjs/common';
import type { ContextId } from '@nestjs/core';
import { isPromiseLike } from '../../core/promise-like.js';
import { InvalidParams } from '../../core/rpc/rpc-error.js';
import type { RpcRequest } from '../../core/rpc/rpc-request.js';
import type { Command } from '../../core/rpc/command.js';
import type { BoundEnhancers } from '../enhancers/bound-enhancers.js';
import {
  filterFor,
  runEnhanced,
  type Enhancers,
} from '../enhancers/enhancer-chain.js';
import { SnorkyExecutionContext } from '../enhancers/execution-context.js';
import { EnhancerFailure, isAnswer, isRejectedValue } from './error-mapping.js';
import { httpView, isResponseView } from './http-view.js';
import {
  faultsOf,
  refusedParams,
  type RefusedParam,
} from '../params/refused-param.js';
import { argumentsMaker } from './pipeline-arguments.js';
import type { ParamsPlan } from '../params/params-plan.js';

type Method = (...args: unknown[]) => unknown;

/** A method of a service class. */
export interface CommandPlace {
  readonly classRef: { readonly name: string; readonly prototype: object };
  readonly method: string;
}

/**
 * The instance of a service; with the context that it was made in, if there is
 * one for each call.
 */
export interface CommandInstance {
  readonly instance: object;
  readonly contextId?: ContextId;
}

/** How far a call has come on its way to the user's function. */
interface Stage {
  progress: 'before' | 'inside' | 'after';
  /**
   * The values that checks and pipes refused. Several may be at work at once.
   */
  readonly refusals: RefusedParam[];
  /** Whether the caller learns what is wrong with the params. */
  readonly exposed: boolean;
}

/**
 * A command with everything that runs around it: guards, interceptors, pipes,
 * the method, filters.
 *
 * @param resolve Gives the instance: the only one, or one for each call.
 */
export function pipelineCommand(
  { classRef, method }: CommandPlace,
  async: boolean,
  plan: ParamsPlan,
  bound: BoundEnhancers,
  resolve: (request: RpcRequest) => CommandInstance | Promise<CommandInstance>,
): Command {
  // The method of the class, whose metadata guards read.
  const handler = Reflect.get(classRef.prototype, method) as Method;
  const makeArguments = argumentsMaker(classRef, method, plan);
  return {
    async,
    staged: true,
    async invoke(request, started) {
      const { client, params, command } = request;
      const context = new SnorkyExecutionContext({
        args: [client, params, request, command],
        classRef,
        handler,
        type: 'ws',
        http: () => httpView(request),
      });
      const stage: Stage = {
        progress: 'before',
        refusals: [],
        exposed: plan.exposed,
      };
      let enhancers: Enhancers | undefined;
      try {
        const found = resolve(request);
        const target = isPromiseLike(found) ? await found : found;
        const { instance } = target;
        const around = (enhancers = bound.in(target.contextId));
        return await runEnhanced(around, context, async () => {
          const args = makeArguments(request, context, around, (refusal) => {
            stage.refusals.push(refusal);
          });
          return enter(
            instance,
            method,
            isPromiseLike(args) ? await args : args,
            stage,
            started,
          );
        });
      } catch (error) {
        return filtered(error, enhancers, request, context, stage);
      }
    },
  };
}

/**
 * Calls the user's function, and reports when it has returned a promise: the
 * connection's next message may start then.
 */
function enter(
  instance: object,
  method: string,
  args: unknown[],
  stage: Stage,
  started: (() => void) | undefined,
): unknown {
  stage.progress = 'inside';
  // Looked up at each call, so that a test can spy on the method.
  const result = (Reflect.get(instance, method) as Method).apply(
    instance,
    args,
  );
  if (!isPromiseLike(result)) {
    stage.progress = 'after';
    return result;
  }
  started?.();
  return result.then((value) => {
    stage.progress = 'after';
    return value;
  });
}

/**
 * Gives an exception to the filters. A value that a filter returns is the
 * reply. An answer that it throws, such as an `RpcError`, is the answer. A
 * filter may also fail because it was written for HTTP; then the original
 * exception is mapped.
 */
async function filtered(
  error: unknown,
  enhancers: Enhancers | undefined,
  request: RpcRequest,
  context: ExecutionContext,
  stage: Stage,
): Promise<unknown> {
  const filter = enhancers && filterFor(enhancers, error);
  if (filter !== undefined) {
    try {
      const result = await filter(context);
      if (result !== undefined && !isResponseView(result)) return result;
    } catch (thrown) {
      if (thrown !== error) {
        if (isAnswer(thrown)) throw thrown;
        const failure = new EnhancerFailure(
          'An exception filter failed',
          thrown,
        );
        request.service.$commandFailed(request, failure);
      }
    }
  }
  if (stage.progress === 'before') {
    const { exposed, refusals } = stage;
    const refusal = refusals.find((one) => one.error === error);
    if (exposed && refusal?.isOfValue) {
      throw await refusedParams(refusals, true);
    }
    if (isRejectedValue(error)) {
      const faults = (await refusal?.faults()) ?? faultsOf(error);
      throw new InvalidParams(undefined, faults);
    }
  }
  if (stage.progress === 'inside' || isAnswer(error)) throw error;
  throw new EnhancerFailure(
    stage.progress === 'before'
      ? 'A guard, pipe or interceptor failed before the command was entered'
      : 'An interceptor failed after the command had returned',
    error,
  );
}
