import type { CallOptions } from './call-options.js';
import type { Calls } from './calls.js';
import type { ConnectorHost } from './connector-host.js';
import { RPCService, type Params } from './rpc-service.js';

/** A connector whose methods are the commands of `T`. */
export type RpcConnector<T> = RPCService & Calls<T>;

/** An object that seems to be a promise is awaited, one that can is serialized. */
const NEVER_COMMANDS: ReadonlySet<PropertyKey> = new Set(['then', 'toJSON']);

/**
 * The connector class of a service, typed by its commands: give it the interface
 * that client and server share. A wrong name, parameter or use of a result is an
 * error of the compiler.
 *
 * Commands that are named like a member of `RPCService`, and one named `then`,
 * are called with `rpcCall`.
 *
 * @example
 * interface CalculatorApi {
 *   sum(params: { number1: number; number2: number }): number;
 * }
 * const snorky = new Snorky(WebSocket, url, { calculator: rpc<CalculatorApi>() });
 * const sum: number = await snorky.services.calculator.sum({
 *   number1: 2,
 *   number2: 3,
 * });
 */
export function rpc<T>(): new (
  name: string,
  snorky: ConnectorHost,
) => RpcConnector<T> {
  return TypedConnector as unknown as ReturnType<typeof rpc<T>>;
}

const TypedConnector = /* @__PURE__ */ new Proxy(RPCService, {
  construct: (target, args, newTarget) =>
    withCommands(Reflect.construct(target, args, newTarget) as RPCService),
});

/** Types are gone at run time: every name that nobody has is a command. */
function withCommands(service: RPCService): RPCService {
  const calls = new Map<string, unknown>();
  return new Proxy(service, {
    get: (target, key): unknown => {
      if (key in target || typeof key !== 'string' || NEVER_COMMANDS.has(key)) {
        return Reflect.get(target, key);
      }
      let call = calls.get(key);
      if (call === undefined) {
        call = (params?: Params, options?: CallOptions) =>
          target.rpcCall(key, params, options);
        calls.set(key, call);
      }
      return call;
    },
  });
}
