import { frozenJson } from '../../core/frozen-json.js';
import { RpcError } from '../../core/rpc-error.js';
import { WireError } from '../../protocol/errors.js';
import { canonicalKey, type JsonValue } from '../../protocol/json.js';

/** For whom a subscription is authorized. */
export interface AuthorizeOptions {
  /**
   * The identity of the connection that alone may acquire it; other connections
   * get `No such subscription`. Without it, whoever has the token may.
   */
  readonly for?: object | string | number | boolean;
  /** Says that the token is meant for whoever has it. Not beside `for`. */
  readonly bearer?: boolean;
}

/**
 * The key of the identity that an application names; undefined for a token that
 * whoever has it may use.
 *
 * @throws TypeError for what would make a token for everybody by mistake, or for
 *   strangers: `NotJsonError`.
 */
export function bindingOf(options: AuthorizeOptions): string | undefined {
  if (!Object.hasOwn(options, 'for')) return undefined;
  const identity: unknown = options.for;
  const json = frozenJson(identity ?? null, 'for');
  if (json === null) {
    throw new TypeError(
      `authorizeSubscription was given { for: ${identity === undefined ? 'undefined' : 'null'} }: nobody is no identity. Leave \`for\` out, or say \`bearer: true\`, if whoever has the token may use it.`,
    );
  }
  if (options.bearer === true) {
    throw new TypeError(
      'authorizeSubscription takes `for` or `bearer: true`, not both: a token is for one identity or for whoever has it.',
    );
  }
  return canonicalKey(json);
}

/** The same, as a backend names it. @throws RpcError */
export function bindingOfParams(
  identity: JsonValue | undefined,
  bearer: JsonValue | undefined,
): string | undefined {
  const isBearer = bearer ?? false;
  if (typeof isBearer !== 'boolean' || identity === null) {
    throw new RpcError(WireError.invalidParams);
  }
  if (identity === undefined) return undefined;
  if (isBearer) throw new RpcError(WireError.invalidParams);
  return canonicalKey(identity);
}
