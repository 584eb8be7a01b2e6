import type { CallOptions } from './call-options.js';
import type { Calls } from './calls.js';
import type { ConnectorHost } from '../connector-host.js';
import { RPCService, type Params } from './rpc-service.js';

declare const undeclared: unique symbol;

/**
 * What `rpc()` makes without a type. Its commands are those that `SnorkyTypes` declares
 * for the name under which it is given to `Snorky`.
 */
export interface UntypedConnector extends RPCService {
  readonly [undeclared]: true;
}

/** A connector whose methods are the commands of `T`. */
export type RpcConnector<T> = RPCService & Calls<T>;

/**
 * The connector class of a service, typed by its commands: give it the interface
 * that client and server share. A wrong name, parameter or use of a result is an
 * error of the compiler.
 *
 * Without a type, `SnorkyTypes` says which commands the service of this name has.
 *
 * Commands with a {@link ReservedName} are called with `rpcCall`.
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
 * What is asked of any object, by promises, JSON, RxJS, jest and Nest: a command would be called. All of them are reserved names.
 */
const NEVER_COMMANDS =
  /^(then|toJSON|@@observable|lift|asymmetricMatch|(on|before)(Module|Application)\w+)$/;

/** Types are gone at run time: every name that nobody has is a command. */
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
