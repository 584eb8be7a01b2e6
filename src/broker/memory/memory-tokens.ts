import type { JsonValue } from '../../protocol/json.js';
import type { Stop, Tokens } from '../ports.js';
import type { ExpiryListener, MemoryNode } from './memory-node.js';
import type { SharedTokens } from './shared-tokens.js';

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

  /** Replaces a token of that name; the expiry of the old one is not told. */
  put(token: string, value: JsonValue, ttl: number): void {
    this.#node.assertOpen();
    this.#shared.put(token, value, ttl, this.#node);
  }

  claim(
    token: string,
    holder: string,
    options?: { readonly takeOver?: boolean },
  ): JsonValue | undefined {
    this.#node.assertLease();
    const takeOver = options?.takeOver === true;
    return this.#shared.claim(token, holder, takeOver, this.#node);
  }

  release(
    token: string,
    holder: string,
    ttl: number,
    value?: JsonValue,
  ): boolean {
    return this.#shared.release(token, holder, ttl, value);
  }

  remove(token: string): boolean {
    return this.#shared.remove(token);
  }

  onExpired(listener: ExpiryListener): Stop {
    this.#node.assertOpen();
    const entry = { listener };
    this.#node.onExpired.add(entry);
    return () => void this.#node.onExpired.delete(entry);
  }
}
