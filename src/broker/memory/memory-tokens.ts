import type { JsonValue } from '../../protocol/json.js';
import type { TokenClaim, TokenClaimOptions, Tokens } from '../ports/tokens.js';
import type { MemoryNode } from './shared/memory-node.js';
import type { SharedTokens } from './shared/shared-tokens.js';

/**
 * {@link Tokens} of one node of a memory store. Answers at once. Tokens held
 * through a node that is closed or has lost its leases become free, with the
 * time to live they were given last.
 */
export class MemoryTokens implements Tokens {
  readonly #node: MemoryNode;
  readonly #shared: SharedTokens;

  constructor(node: MemoryNode, shared: SharedTokens) {
    this.#node = node;
    this.#shared = shared;
  }

  /** Stores a token, and replaces one of the same name. */
  put(
    token: string,
    value: JsonValue,
    ttl: number,
    options?: { readonly binding?: string },
  ): void {
    this.#node.assertOpen();
    this.#shared.put(token, value, ttl, options?.binding, this.#node);
  }

  claim(
    token: string,
    holder: string,
    options: TokenClaimOptions = {},
  ): TokenClaim {
    this.#node.assertLease();
    return this.#shared.claim(token, holder, options, this.#node);
  }

  update(token: string, holder: string, value: JsonValue): boolean {
    return this.#shared.update(token, holder, value);
  }

  release(
    token: string,
    holder: string,
    ttl: number,
    value?: JsonValue,
  ): boolean {
    return this.#shared.release(token, holder, ttl, value);
  }

  remove(token: string, options?: { readonly heldBy?: string }): boolean {
    return this.#shared.remove(token, options?.heldBy);
  }
}
