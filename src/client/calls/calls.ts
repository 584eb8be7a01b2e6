import type { CommandOf, CommandType } from '../../protocol/command-of.js';
import type { Jsonify } from '../../protocol/jsonify.js';
import type { CallOptions } from './call-options.js';
import type { RPCService } from './rpc-service.js';

/**
 * The calls of a service: a method for each command of `T`, which is the
 * interface that client and server share, or the type of the server's class.
 *
 * Commands are methods of the shape `(params?: object, request?) => result`. Both
 * ways go as JSON: the call takes `Jsonify` of the parameters, so a string where
 * the server has a `Date`, and gives a promise of `Jsonify` of the result.
 *
 * Everything else of `T` is left out: properties, methods that take single values
 * (`@RpcParam`), hooks such as `onModuleInit`, and the names that a connector has
 * itself (`ReservedName`; `rpcCall` calls them). Decorators leave no trace in
 * types, so a public method of a class that has the shape counts as a command.
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
 * Names that mean something else on a connector: its own members, those of every
 * object, and those that others look for on any object, to learn what it is or
 * to tell it something. `rpcCall` calls such a command.
 */
export type ReservedName =
  keyof RPCService | keyof typeof Object.prototype | SoughtName | HookName;

/** Members that promises, JSON, RxJS and jest look for. */
type SoughtName =
  'then' | 'toJSON' | '@@observable' | 'lift' | 'asymmetricMatch';

/** What Nest and Snorky call on a service. */
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
