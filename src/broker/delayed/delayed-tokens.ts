import type { JsonValue } from '../../protocol/json.js';
import type { Stop, Tokens } from '../ports.js';
import { copy } from './copy.js';
import type { Network } from './network.js';

export class DelayedTokens implements Tokens {
  readonly #inner: Tokens;
  readonly #network: Network;

  constructor(inner: Tokens, network: Network) {
    this.#inner = inner;
    this.#network = network;
  }

  async put(token: string, value: JsonValue, ttl: number): Promise<void> {
    const sent = copy(value);
    return this.#network.request(lane(token), () =>
      this.#inner.put(token, sent, ttl),
    );
  }

  async claim(
    token: string,
    holder: string,
    options?: { readonly takeOver?: boolean },
  ): Promise<JsonValue | undefined> {
    return this.#network.request(lane(token), () =>
      this.#inner.claim(token, holder, options),
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

  async remove(token: string): Promise<boolean> {
    return this.#network.request(lane(token), () => this.#inner.remove(token));
  }

  onExpired(listener: (token: string, value: JsonValue) => void): Stop {
    const source = { port: 'tokens', name: '' } as const;
    const mailbox = this.#network.mailbox(listener, source);
    const stop = this.#inner.onExpired((token, value) =>
      mailbox.push(token, value),
    );
    return () => {
      mailbox.stop();
      stop();
    };
  }
}

function lane(token: string): string {
  return `token ${token}`;
}
