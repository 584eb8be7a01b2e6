import type { PipeTransform, Type } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '../setup/nest-internals.js';
import { isStandardSchema, type StandardSchema } from './standard-schema.js';

/** The kinds of parameters, by Nest's own numbers, which pipes read. */
export const ParamKind = { request: 0, params: 3 } as const;

/** Marks `@ConnectedClient()` among the parameters of kind `request`. */
export const CLIENT = 'client';

/** What is known about one decorated parameter. */
export interface ParamMetadata {
  readonly index: number;
  readonly data: unknown;
  readonly pipes: readonly unknown[];
  readonly schema?: StandardSchema | undefined;
  readonly optional?: boolean | undefined;
}

/** A pipe, or its class. */
export type ParamPipe = PipeTransform | Type<PipeTransform>;

/** How a named parameter is read. */
export interface RpcParamOptions {
  /**
   * Whether calls may leave the parameter out. A parameter with a default value
   * may always be left out. `?:` alone does not count: it cannot be seen at run
   * time.
   * @default false
   */
  readonly optional?: boolean;
  /** Checks and transforms the value. */
  readonly schema?: StandardSchema;
}

function record(
  kind: number,
  metadata: Omit<ParamMetadata, 'index'>,
): ParameterDecorator {
  return (target, method, index) => {
    if (method === undefined) return;
    const owner = target.constructor;
    // Only the method's own metadata: an overriding method has its own
    // parameters.
    const known: unknown = Reflect.getOwnMetadata(
      ROUTE_ARGS_METADATA,
      owner,
      method,
    );
    Reflect.defineMetadata(
      ROUTE_ARGS_METADATA,
      {
        ...(known as object | undefined),
        [`${kind}:${index}`]: { index, ...metadata },
      },
      owner,
      method,
    );
  };
}

/**
 * One of the call's parameters, by name.
 *
 * Its declared type is checked where reflection knows it. `number`, `string`,
 * `boolean` and arrays are checked as such; classes with class-validator
 * decorators are validated. `Date` (ISO 8601; a time needs its offset), `URL`
 * and `bigint` are made from their texts. Any other class stops the start.
 * Interfaces, unions and inferred types are not known at run time: give a
 * schema or a pipe.
 *
 * A value that does not fit is answered `Invalid params`. So is a call with a
 * parameter that the command does not name, or without one that has no default
 * value. An explicit `null` is a value.
 *
 * @example
 * log(@RpcParam('number') number: number, @RpcParam('base') base = Math.E)
 */
export function RpcParam(
  name: string,
  ...pipes: (ParamPipe | RpcParamOptions | StandardSchema)[]
): ParameterDecorator {
  let options: RpcParamOptions = {};
  const applied: ParamPipe[] = [];
  for (const one of pipes) {
    if (isStandardSchema(one)) options = { ...options, schema: one };
    else if (isPipe(one)) applied.push(one);
    else options = { ...options, ...one };
  }
  return record(ParamKind.params, { data: name, pipes: applied, ...options });
}

/**
 * All parameters of the call as one object, checked as described at
 * `RpcCommand`.
 */
export function RpcParams(...pipes: ParamPipe[]): ParameterDecorator {
  return record(ParamKind.params, { data: undefined, pipes });
}

/** Injects the call's `RpcRequest`. */
export function CurrentRequest(): ParameterDecorator {
  return record(ParamKind.request, { data: undefined, pipes: [] });
}

/** Injects the `Client` that calls. */
export function ConnectedClient(): ParameterDecorator {
  return record(ParamKind.request, { data: CLIENT, pipes: [] });
}

function isPipe(value: object): value is ParamPipe {
  return typeof value === 'function' || 'transform' in value;
}
