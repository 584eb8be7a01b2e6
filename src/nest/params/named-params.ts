import { InvalidParams } from '../../core/rpc/rpc-error.js';
import type { JsonObject } from '../../protocol/json.js';
import { unknownName } from './value-check.js';

/** The names that a call must give, and those that it may give. */
export class NamedParams {
  constructor(
    /** Undefined if the command also takes all params together. */
    private readonly allowed: ReadonlySet<string> | undefined,
    private readonly required: readonly string[],
  ) {}

  /** @throws RpcError `Invalid params` when one is missing or unknown. */
  check(params: JsonObject): void {
    for (const name of this.required) {
      if (!Object.hasOwn(params, name)) {
        throw new InvalidParams(`"${name}" is missing`);
      }
    }
    if (this.allowed === undefined) return;
    // Every call comes through here. Unlike `Object.keys`, this loop makes no
    // array.
    for (const name in params) {
      if (this.allowed.has(name)) continue;
      if (Object.hasOwn(params, name)) {
        throw unknownName(name);
      }
    }
  }
}
