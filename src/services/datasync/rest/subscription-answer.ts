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
  /** The value of the header for a part; undefined for whole answers. */
  readonly part: string | undefined;
  /**
   * When the subscription ends, in milliseconds since 1970; undefined if it
   * does not expire.
   */
  readonly expiresAt?: number | undefined;
  /** Whether the answer has no rows, because the client has them. */
  readonly isRenewal?: boolean;
  /** Makes the token useless. Must not throw. */
  withdraw(): void;
}

/**
 * The part of an HTTP answer that is about subscriptions. A token is sent with
 * an answer that succeeds, and withdrawn otherwise.
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

  /**
   * The answer of a response: one of Express, or the one inside of Fastify's
   * reply.
   */
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

  /**
   * Called when the head is written, with its status and whether it has a
   * token.
   */
  onHead: (status: number, granted: boolean) => void = () => {};

  grant(grant: Grant): void {
    // An interceptor that tries again has the request authorized again.
    this.takeBack(this.#grant);
    this.#grant = grant;
    if (this.#over || this.response.headersSent) this.takeBack(this.#grant);
  }

  /** Withdraws a token: the answer is not the one that it was granted for. */
  takeBack(grant: Grant | undefined): void {
    if (grant === undefined || grant !== this.#grant) return;
    this.#grant = undefined;
    grant.withdraw();
  }

  /** @returns The status to send. */
  #complete(status: number): number {
    const { response } = this;
    // With 304 the client has exactly these rows. Other redirects have none.
    if (status >= 300 && status !== 304) this.takeBack(this.#grant);
    addNames(response, 'Vary', [ask]);
    if (this.#grant !== undefined) {
      const { token, part, expiresAt } = this.#grant;
      response.setHeader(TOKEN, token);
      response.setHeader(ALIAS, token);
      // A page that cannot read the header would take the part for all rows.
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
    // Interceptors and serializers have set these for a body that is not sent.
    for (const name of ['Content-Type', 'Content-Length', 'ETag']) {
      response.removeHeader(name);
    }
    return 204;
  }
}
