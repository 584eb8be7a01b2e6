import type { Calls } from '../client/calls/calls.js';
import type { JsonValue } from '../protocol/json.js';

/**
 * The commands of a service as methods, by the interface that pages share with
 * it. A service that is not declared has any name as a method.
 */
export type TestCalls<Api> = [Api] extends [never]
  ? Readonly<Record<string, (params?: object) => Promise<JsonValue>>>
  : { readonly [Name in keyof Calls<Api>]: Bare<Calls<Api>[Name]> };

/** A call without the options that only a connector has. */
type Bare<Call> = Call extends (...args: infer Args) => infer Result
  ? (
      ...args: Required<Args> extends readonly [infer Params, unknown]
        ? undefined extends Args[0]
          ? [params?: Params]
          : [params: Params]
        : []
    ) => Result
  : never;

/** Makes a method of any name: there are no types at run time. */
export function testCalls(
  call: (command: string, params: object | undefined) => Promise<JsonValue>,
): TestCalls<never> {
  return new Proxy({} as TestCalls<never>, {
    get: (_target, command) =>
      // `await` reads this member of any object.
      typeof command === 'symbol' || command === 'then'
        ? undefined
        : (params?: object) => call(command, params),
  });
}
