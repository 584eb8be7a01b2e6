import { HttpException, type PipeTransform } from '@nestjs/common';
import type { ContextId } from '@nestjs/core';
import type { Client } from '../../core/client.js';
import { isPromiseLike } from '../../core/promise-like.js';
import { RpcRequest, type Stage } from '../../core/rpc-request.js';
import type { Command } from '../../core/rpc-service.js';
import type { JsonObject } from '../../protocol/json.js';
import { COMMAND_ARGS_METADATA } from '../constants.js';
import { CLIENT, ParamKind } from '../decorators/rpc-params.decorator.js';
import {
  SnorkyContextHost,
  type ContextCreator,
  type ContextHandler,
  type HandlerPlace,
  type ParamsFactory,
} from '../nest-internals.js';
import { EnhancerFailure, isAnswer, isRejectedValue } from './error-mapping.js';
import { httpView, isResponseView } from './http-view.js';
import type { NamedParams, ParamsPlan } from './params-plan.js';
import { invalidParams, type ValueCheck } from './value-check.js';

type Method = (...args: unknown[]) => unknown;
type CommandArgs = [Client, JsonObject, RpcRequest, string];

/** The service class and method, and where the container has them. */
export interface CommandPlace extends Omit<
  HandlerPlace,
  'callback' | 'instance' | 'contextId'
> {
  readonly classRef: { readonly name: string; readonly prototype: object };
}

/** A service's instance, and the context that it was made for. */
export interface CommandInstance {
  readonly instance: object;
  readonly contextId?: ContextId;
}

/**
 * A command with what Nest runs around it: guards, interceptors, pipes, the
 * method, filters.
 *
 * @param resolve Gives the instance: the one there is, or one for each call.
 */
export function pipelineCommand(
  creator: ContextCreator,
  place: CommandPlace,
  async: boolean,
  plan: ParamsPlan,
  resolve: (request: RpcRequest) => CommandInstance | Promise<CommandInstance>,
): Command {
  const callback = observedMethod(place, plan.slots.length);
  defineArgs(place, plan);
  const bound = new WeakMap<object, BoundHandler>();
  const bind = (target: CommandInstance): BoundHandler => {
    const known = bound.get(target.instance);
    if (known !== undefined) return known;
    const where = { ...place, ...target, callback };
    const made = {
      run: creator.handler(where, COMMAND_ARGS_METADATA, PARAMS_FACTORY),
      filter: creator.filter(where),
    };
    bound.set(target.instance, made);
    return made;
  };
  return {
    async,
    staged: true,
    async invoke(request, started) {
      const stage: Stage = { progress: 'before', started };
      request.stage = stage;
      const args: CommandArgs = [
        request.client,
        request.params,
        request,
        request.command,
      ];
      let filter: BoundHandler['filter'];
      try {
        const target = resolve(request);
        const handler = bind(isPromiseLike(target) ? await target : target);
        filter = handler.filter;
        return await handler.run(...args);
      } catch (error) {
        return filtered(error, filter, args, place, callback, stage);
      }
    },
  };
}

interface BoundHandler {
  readonly run: ContextHandler;
  readonly filter: ReturnType<ContextCreator['filter']>;
}

/** Makes the execution context that enhancers of commands see. */
export function commandContext(
  args: unknown[],
  instance: object,
  callback: Method,
): SnorkyContextHost {
  return new SnorkyContextHost(
    args,
    instance.constructor as ConstructorParameters<typeof SnorkyContextHost>[1],
    callback,
    () => httpView(args[2] as RpcRequest),
  );
}

/**
 * Gives an exception to the filters. A value that one returns is the reply, an
 * answer that one throws is the answer; a filter that fails otherwise - it may
 * have been written for HTTP - leaves the original exception to be mapped.
 */
async function filtered(
  error: unknown,
  filter: BoundHandler['filter'],
  args: CommandArgs,
  place: CommandPlace,
  callback: Method,
  stage: Stage,
): Promise<unknown> {
  if (filter !== undefined) {
    const host = commandContext(args, place.classRef.prototype, callback);
    host.setType('ws');
    try {
      const result = await filter(error, host);
      if (result !== undefined && !isResponseView(result)) return result;
    } catch (thrown) {
      if (thrown !== error) {
        if (isAnswer(thrown)) throw thrown;
        const request = args[2];
        const failure = new EnhancerFailure(
          'An exception filter failed',
          thrown,
        );
        request.service.$commandFailed(request, failure);
      }
    }
  }
  if (stage.progress === 'before' && isRejectedValue(error)) {
    throw invalidParams(reasonOf(error));
  }
  if (stage.progress === 'inside' || isAnswer(error)) throw error;
  throw new EnhancerFailure(
    stage.progress === 'before'
      ? 'A guard, pipe or interceptor failed before the command was entered'
      : 'An interceptor failed after the command had returned',
    error,
  );
}

/** What a pipe says of a value: class-validator's list, or a sentence. */
function reasonOf(error: unknown): string {
  const response: unknown =
    error instanceof HttpException ? error.getResponse() : undefined;
  const message: unknown =
    typeof response === 'object' && response !== null && 'message' in response
      ? response.message
      : response;
  return Array.isArray(message) ? message.join('; ') : String(message);
}

/**
 * The method as Nest is to call it. It tells when the user's own function was
 * entered, and when it has returned a promise: from then on the connection's
 * next message may start. Guards read metadata from it, so it has all that the
 * method has, its name included.
 */
function observedMethod(
  { classRef, method }: CommandPlace,
  arity: number,
): Method {
  const original = Reflect.get(classRef.prototype, method) as Method;
  const call = (instance: object, args: unknown[]): unknown =>
    (Reflect.get(instance, method) as Method).apply(instance, args);
  const observed = function (this: object, ...args: unknown[]): unknown {
    const request = args[arity];
    const stage = request instanceof RpcRequest ? request.stage : undefined;
    args.length = arity;
    if (stage === undefined) return call(this, args);
    stage.progress = 'inside';
    const result = call(this, args);
    if (!isPromiseLike(result)) {
      stage.progress = 'after';
      return result;
    }
    stage.started?.();
    return result.then((value) => {
      stage.progress = 'after';
      return value;
    });
  };
  for (const key of Reflect.getMetadataKeys(original)) {
    Reflect.defineMetadata(key, Reflect.getMetadata(key, original), observed);
  }
  Object.defineProperty(observed, 'name', { value: original.name });
  return observed;
}

/** Marks the hidden last parameter, whose making checks the names. */
class HiddenParam {
  constructor(readonly names: NamedParams | undefined) {}
}

/**
 * Our own copy of the method's parameter metadata: the checks are pipes, so
 * that guards come first, and a hidden parameter brings the request along.
 */
function defineArgs(
  { classRef, method }: CommandPlace,
  plan: ParamsPlan,
): void {
  const args: Record<string, object> = { ...plan.decorated };
  plan.slots.forEach((slot, index) => {
    if (slot.from === 'enhancer') return;
    const kind = slot.from === 'params' ? ParamKind.params : ParamKind.request;
    const key = `${kind}:${index}`;
    const known = plan.decorated?.[key];
    const check = slot.from === 'params' ? slot.check : undefined;
    args[key] = {
      index,
      data: known?.data,
      pipes: [
        ...(check === undefined ? [] : [checkPipe(check)]),
        ...(known?.pipes ?? []),
      ],
    };
  });
  const index = plan.slots.length;
  args[`${ParamKind.request}:${index}`] = {
    index,
    data: new HiddenParam(plan.names),
    pipes: [],
  };
  Reflect.defineMetadata(COMMAND_ARGS_METADATA, args, classRef, method);
}

function checkPipe({ check }: ValueCheck): PipeTransform {
  return {
    transform: (value: unknown) =>
      value === undefined ? undefined : check(value),
  };
}

const PARAMS_FACTORY: ParamsFactory = {
  exchangeKeyForValue(type, data, args) {
    const [client, params, request] = args as CommandArgs;
    if (type === ParamKind.params) {
      if (typeof data !== 'string') return params;
      return Object.hasOwn(params, data) ? params[data] : undefined;
    }
    if (data === CLIENT) return client;
    if (data instanceof HiddenParam) data.names?.check(params);
    return request;
  },
};
