import type { JsonValue } from '../../protocol/json.js';
import type { TokenClaim, TokenClaimOptions, Tokens } from '../ports/tokens.js';
import { copy } from './copy.js';
import type { Network } from './network.js';

export class DelayedTokens implements Tokens {
  readonly #inner: Tokens;
  readonly #network: Network;

  constructor(inner: Tokens, network: Network) {
    this.#inner = inner;
    this.#network = network;
  }

  async put(
    token: string,
    value: JsonValue,
    ttl: number,
    options?: { readonly binding?: string },
  ): Promise<void> {
    const sent = copy(value);
    return this.#network.request(lane(token), () =>
      this.#inner.put(token, sent, ttl, options),
    );
  }

  async claim(
    token: string,
    holder: string,
    options?: TokenClaimOptions,
  ): Promise<TokenClaim> {
    return this.#network.request(lane(token), () =>
      this.#inner.claim(token, holder, options),
    );
  }

  async update(
    token: string,
    holder: string,
    value: JsonValue,
  ): Promise<boolean> {
    const sent = copy(value);
    return this.#network.request(lane(token), () =>
      this.#inner.update(token, holder, sent),
    );
  }

  async release(
    token: string,
    holder: string,
    ttl: number,
    value?: JsonValue,
  ): Promise<boolean> {
    const sent = value === undefined ? undefined : copy(value);
    return this.#network.request(lane(token), () =>
      this.#inner.release(token, holder, ttl, sent),
    );
  }

  async remove(
    token: string,
    options?: { readonly heldBy?: string },
  ): Promise<boolean> {
    return this.#network.request(lane(token), () =>
      this.#inner.remove(token, options),
    );
  }
}

function lane(token: string): string {
  return `token ${token}`;
}
