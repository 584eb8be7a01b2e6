import type { CallOptions } from './call-options.js';
import type { Calls } from './calls.js';
import type { ConnectorHost } from '../connector-host.js';
import { RPCService, type Params } from './rpc-service.js';

declare const undeclared: unique symbol;

/**
 * The connector that `rpc()` makes without a type. `SnorkyTypes` declares its
 * commands, under the name that the connector has in `Snorky`.
 */
export interface UntypedConnector extends RPCService {
  readonly [undeclared]: true;
}

/** A connector whose methods are the commands of `T`. */
export type RpcConnector<T> = RPCService & Calls<T>;

/**
 * Makes the connector class of a service, typed by its commands. Give it the
 * interface that client and server share. A wrong name, param or use of a
 * result is then an error of the compiler.
 *
 * Without a type, `SnorkyTypes` declares the commands of the service with this
 * name.
 *
 * Use `rpcCall` for commands with a {@link ReservedName}.
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
export function rpc(): new (
  name: string,
  snorky: ConnectorHost,
) => UntypedConnector;
export function rpc<T>(): new (
  name: string,
  snorky: ConnectorHost,
) => RpcConnector<T>;
export function rpc(): unknown {
  return TypedConnector;
}

const TypedConnector = /* @__PURE__ */ new Proxy(RPCService, {
  construct: (target, args, newTarget) =>
    withCommands(Reflect.construct(target, args, newTarget) as RPCService),
});

/**
 * Members that promises, JSON, RxJS, jest and Nest read of any object. If they
 * were commands, they would be called. All of them are reserved names.
 */
const NEVER_COMMANDS =
  /^(then|toJSON|@@observable|lift|asymmetricMatch|(on|before)(Module|Application)\w+)$/;

/**
 * Makes every name that the connector does not have a command: there are no
 * types at run time.
 */
function withCommands(service: RPCService): RPCService {
  const calls = new Map<string, unknown>();
  return new Proxy(service, {
    get: (target, key, receiver): unknown => {
      if (
        key in target ||
        typeof key !== 'string' ||
        NEVER_COMMANDS.test(key)
      ) {
        return Reflect.get(target, key, receiver);
      }
      let call = calls.get(key);
      if (!call) {
        const method = (params?: Params, options?: CallOptions) =>
          target.rpcCall(key, params, options, method);
        calls.set(key, (call = method));
      }
      return call;
    },
  });
}
