import type { CommandOf, CommandType } from '../../protocol/command-of.js';
import type { Jsonify } from '../../protocol/jsonify.js';
import type { CallOptions } from './call-options.js';
import type { RPCService } from './rpc-service.js';

/**
 * The calls of a service: a method for each command of `T`. `T` is the
 * interface that client and server share, or the type of the server's class.
 *
 * Commands are methods of the shape `(params?: object, request?) => result`.
 * Params and results travel as JSON. The call takes `Jsonify` of the params, so
 * a string where the server has a `Date`, and returns a promise of `Jsonify` of
 * the result.
 *
 * Everything else of `T` is left out: properties, methods that take single
 * values (`@RpcParam`), hooks such as `onModuleInit`, and names that the
 * connector itself has (`ReservedName`; use `rpcCall` for those). Decorators
 * leave no trace in types, so any public method of a class that has the shape
 * counts as a command.
 *
 * @example
 * interface TasksApi {
 *   add(params: { title: string; due?: Date }): Task;
 * }
 * type AddTask = Calls<TasksApi>['add'];
 * // (params: { title: string; due?: string }, options?: CallOptions)
 * //   => Promise<{ id: number; title: string; due: string }>
 */
export type Calls<T> = {
  readonly [
    Name in keyof T as IsCall<Name, T[Name]> extends true ? Name : never
  ]-?: Call<CommandOf<T[Name]>>;
};

/**
 * Names that have another meaning on a connector: its own members, those of
 * every object, and those that libraries read of any object to learn what it
 * is. Use `rpcCall` for a command with such a name.
 */
export type ReservedName =
  keyof RPCService | keyof typeof Object.prototype | SoughtName | HookName;

/** Members that promises, JSON, RxJS and jest read of any object. */
type SoughtName =
  'then' | 'toJSON' | '@@observable' | 'lift' | 'asymmetricMatch';

/** Methods that Nest and Snorky call on a service. */
type HookName =
  | `${'on' | 'before'}${'Module' | 'Application'}${string}`
  | 'onClientConnected'
  | 'onClientDisconnected';

type IsCall<Name, Method> = Name extends string
  ? Name extends ReservedName
    ? false
    : [CommandOf<Method>] extends [never]
      ? false
      : true
  : false;

type Call<Command extends CommandType> = Command['optional'] extends true
  ? (
      params?: Jsonify<Command['params']>,
      options?: CallOptions,
    ) => Promise<Jsonify<Command['result']>>
  : (
      params: Jsonify<Command['params']>,
      options?: CallOptions,
    ) => Promise<Jsonify<Command['result']>>;
