import type { ServerResponse } from 'node:http';
import { SubscriptionHeader } from '../../../protocol/subscription-headers.js';
import { addNames, beforeHead } from './response-head.js';

const {
  ask,
  token: TOKEN,
  alias: ALIAS,
  partial: PARTIAL,
  expires: EXPIRES,
} = SubscriptionHeader;

/** A token that an answer is to carry. */
export interface Grant {
  readonly token: string;
  /** What the header says of a part; undefined for whole answers. */
  readonly part: string | undefined;
  /** Milliseconds since 1970; undefined: the subscription does not end by itself. */
  readonly expiresAt?: number | undefined;
  /** It has no rows: the client has them. */
  readonly isRenewal?: boolean;
  /** Makes the token good for nothing. Must not throw. */
  withdraw(): void;
}

/**
 * The part of an HTTP answer that is about subscriptions. A token leaves with
 * an answer that succeeds, or is withdrawn.
 */
export class SubscriptionAnswer {
  static readonly #known = new WeakMap<ServerResponse, SubscriptionAnswer>();

  #grant: Grant | undefined;
  #over = false;

  private constructor(private readonly response: ServerResponse) {
    beforeHead(response, (status) => this.#complete(status));
    response.once('close', () => {
      this.#over = true;
      // The client has gone without an answer.
      if (!response.headersSent) this.takeBack(this.#grant);
    });
  }

  /** The one of a response: of Express, or as Fastify has it inside its own. */
  static to(
    response: ServerResponse | { readonly raw: ServerResponse },
  ): SubscriptionAnswer {
    const raw = 'raw' in response ? response.raw : response;
    let answer = SubscriptionAnswer.#known.get(raw);
    if (answer === undefined) {
      answer = new SubscriptionAnswer(raw);
      SubscriptionAnswer.#known.set(raw, answer);
    }
    return answer;
  }

  /** Told when the head is written, and whether it has a token. */
  onHead: (status: number, granted: boolean) => void = () => {};

  grant(grant: Grant): void {
    // An interceptor that tries again has it authorized again.
    this.takeBack(this.#grant);
    this.#grant = grant;
    if (this.#over || this.response.headersSent) this.takeBack(this.#grant);
  }

  /** The answer is not what this was granted for. */
  takeBack(grant: Grant | undefined): void {
    if (grant === undefined || grant !== this.#grant) return;
    this.#grant = undefined;
    grant.withdraw();
  }

  /** @returns The status that is answered. */
  #complete(status: number): number {
    const { response } = this;
    // With 304 the client has these very rows. Other such answers have none.
    if (status >= 300 && status !== 304) this.takeBack(this.#grant);
    addNames(response, 'Vary', [ask]);
    if (this.#grant !== undefined) {
      const { token, part, expiresAt } = this.#grant;
      response.setHeader(TOKEN, token);
      response.setHeader(ALIAS, token);
      // A page that cannot read the header would take the part for the whole.
      if (part !== undefined) {
        response.setHeader(PARTIAL, part);
        addNames(response, 'Access-Control-Expose-Headers', [PARTIAL]);
      }
      if (expiresAt !== undefined) {
        const left = Math.max(Math.floor(expiresAt - Date.now()), 0);
        response.setHeader(EXPIRES, left);
        addNames(response, 'Access-Control-Expose-Headers', [EXPIRES]);
      }
      // The token is a secret of the page that asked.
      response.setHeader('Cache-Control', 'no-store');
      addNames(response, 'Access-Control-Expose-Headers', [TOKEN, ALIAS]);
    }
    this.onHead(status, this.#grant !== undefined);
    if (this.#grant?.isRenewal !== true) return status;
    // Interceptors and serializers have made something of nothing.
    for (const name of ['Content-Type', 'Content-Length', 'ETag']) {
      response.removeHeader(name);
    }
    return 204;
  }
}
