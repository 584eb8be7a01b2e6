import type { MaybePromise } from '../../protocol/maybe-promise.js';
import type {
  CommandOf,
  NoParams,
  ObservableLike,
} from '../../protocol/command-of.js';

/**
 * Lets the compiler compare a service class with the interface that clients
 * use. A missing command, a command that asks for more than clients give, and a
 * command that gives another result are errors in the class.
 *
 * Each command is a method. Its first parameter holds all parameters of clients
 * as one object, usually of a DTO class. What the server adds comes after: the
 * request, or what parameter decorators inject. If clients give nothing, all
 * parameters are the server's. The method returns its result, a promise of it
 * or an Observable of it.
 *
 * The interface names the types that the server works with. Where that is a
 * `Date`, clients give and get a string. An interface cannot be implemented if
 * one of its members cannot be a command, because the member is no method or
 * takes single values.
 *
 * @typeParam ByHand Commands that may return nothing, because they resolve
 *   their request by hand (`@RpcCommand({ async: true })`).
 * @typeParam ByName Commands that take their parameters one by one
 *   (`@RpcParam`). Decorators leave no trace in types, so the compiler checks
 *   only the result of these.
 *
 * @example
 * // calculator-api.ts, imported by the client too
 * export interface CalculatorApi {
 *   sum(params: { number1: number; number2: number }): number;
 * }
 *
 * @SnorkyService('calculator')
 * class Calculator implements Commands<CalculatorApi> {
 *   @RpcCommand()
 *   sum({ number1, number2 }: SumParams): number { return number1 + number2; }
 * }
 *
 * @example With parameters by name
 * class Calculator implements Commands<CalculatorApi, never, 'sum'> {
 *   @RpcCommand()
 *   sum(@RpcParam('number1') one: number, @RpcParam('number2') two: number): number {
 *     return one + two;
 *   }
 * }
 */
export type Commands<
  T,
  ByHand extends keyof T = never,
  ByName extends keyof T = never,
> = {
  [Name in keyof T]: Implementation<
    CommandOf<T[Name]>,
    Name extends ByHand ? void : never,
    Name extends ByName ? true : false
  >;
};

// Properties of a function type are checked strictly. A method could ask for
// more than it gets.
type Implementation<Command, Nothing, ByName> = [Command] extends [never]
  ? never
  : Command extends { readonly params: infer Params; readonly result: infer R }
    ? (
        ...args: ByName extends true ? never[] : Arguments<Params>
      ) => MaybePromise<R | Nothing> | ObservableLike<R | Nothing>
    : never;

// `never`: no parameter that the class declares there comes from the client.
type Arguments<Params> = [Params] extends [NoParams]
  ? never[]
  : [params: Params, ...injected: never[]];
