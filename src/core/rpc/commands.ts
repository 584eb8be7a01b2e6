import type { MaybePromise } from '../../protocol/maybe-promise.js';
import type {
  CommandOf,
  NoParams,
  ObservableLike,
} from '../../protocol/command-of.js';

/**
 * What a service class implements so that the compiler holds it to the interface
 * that clients use: a missing command, one that asks for more than clients give,
 * or one that gives something else is an error in the class.
 *
 * Each command is a method that takes the parameters as one object, of a DTO
 * class as a rule, then whatever the server adds: the request, or what parameter
 * decorators inject. Where clients give nothing, all of them are the server's. It
 * gives its result, a promise or an Observable of it.
 *
 * The interface says what the server works with. Where that is a `Date`, clients
 * give and get a string. A member of it that cannot be a command, because it is
 * no method or takes single values, cannot be implemented.
 *
 * @typeParam ByHand Commands that may return nothing, because they resolve their
 *   request by hand (`@RpcCommand({ async: true })`).
 * @typeParam ByName Commands that take their parameters one by one (`@RpcParam`).
 *   Decorators leave no trace in types, so of these the compiler sees the result
 *   alone.
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

// Properties of a function type, as methods may ask for more than they get.
type Implementation<Command, Nothing, ByName> = [Command] extends [never]
  ? never
  : Command extends { readonly params: infer Params; readonly result: infer R }
    ? (
        ...args: ByName extends true ? never[] : Arguments<Params>
      ) => MaybePromise<R | Nothing> | ObservableLike<R | Nothing>
    : never;

// `never`: whatever a class declares there, it is not the client that gives it.
type Arguments<Params> = [Params] extends [NoParams]
  ? never[]
  : [params: Params, ...injected: never[]];
