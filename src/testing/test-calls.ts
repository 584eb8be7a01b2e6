import type { Calls } from '../client/calls/calls.js';
import type { JsonValue } from '../protocol/json.js';

/**
 * The commands of a service as methods: what pages call, by the interface that both
 * share. Of a service that nobody declares, any name.
 */
export type TestCalls<Api> = [Api] extends [never]
  ? Readonly<Record<string, (params?: object) => Promise<JsonValue>>>
  : { readonly [Name in keyof Calls<Api>]: Bare<Calls<Api>[Name]> };

/** Without the options that only a connector has. */
type Bare<Call> = Call extends (...args: infer Args) => infer Result
  ? (
      ...args: Required<Args> extends readonly [infer Params, unknown]
        ? undefined extends Args[0]
          ? [params?: Params]
          : [params: Params]
        : []
    ) => Result
  : never;

/** Types are gone at run time: every name is a command. */
export function testCalls(
  call: (command: string, params: object | undefined) => Promise<JsonValue>,
): TestCalls<never> {
  return new Proxy({} as TestCalls<never>, {
    get: (_target, command) =>
      // `await` asks any object for it.
      typeof command === 'symbol' || command === 'then'
        ? undefined
        : (params?: object) => call(command, params),
  });
}
