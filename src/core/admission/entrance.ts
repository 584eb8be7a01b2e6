import type { IncomingMessage } from 'node:http';
import { frozenJson } from '../json/frozen-json.js';
import { isInstance } from '../is-instance.js';
import { excerpt } from '../log/log-line.js';
import { isPromiseLike } from '../promise-like.js';
import { withoutQuery } from '../log/redaction.js';
import type { ServiceRegistry } from '../registry/service-registry.js';
import {
  assertNotClosed,
  NOBODY,
  type Admission,
  type Admit,
} from './admission.js';
import { originRule, type OriginRule, type Origins } from './origins.js';
import { PendingHandshakes, type Line } from './pending-handshakes.js';
import { shuttingDown, UpgradeRefused } from './upgrade-refused.js';
import { peerOf, type Visitor, type VisitorOf } from './visitor.js';

/** Who may connect by way of an entrance. */
export interface EntranceRules {
  /** @default `'*'` without `admit`, else `'same'` */
  readonly origins?: Origins | undefined;
  /** The hosts under which pages may connect. @default any */
  readonly hosts?: readonly string[] | undefined;
  /**
   * Decides by guards, middleware and `identify`. @default everybody may
   * connect, without an identity
   */
  readonly admit?: Admit | undefined;
  /** Who is behind the proxy, if one is trusted. @default the peer */
  readonly visitorOf?: VisitorOf | undefined;
  /** Connections at most, those that are being decided about included. */
  readonly maxConnections: number;
  /** Milliseconds that `admit` may take. */
  readonly handshakeTimeout: number;
}

/**
 * The transport's end of a request to connect. The request is accepted or
 * refused, once; neither happens if the peer has gone in the meantime.
 */
export interface Arrival {
  /** @throws UpgradeRefused to refuse the request after all. */
  accept(admission: Admission, visitor: Visitor): void;
  refuse(refusal: UpgradeRefused): void;
}

/**
 * The way into a registry, below the transports. It checks in this order: is
 * there room, may the page's origin connect, what does the application decide.
 * Each request gets one answer, and the transport says how the answer is
 * written.
 */
export class Entrance {
  private readonly handshakes: PendingHandshakes;
  private readonly allowsOrigin: OriginRule;
  private closed = false;

  /** @param inside The connections made by way of this entrance. */
  constructor(
    private readonly registry: ServiceRegistry,
    private readonly inside: { readonly size: number },
    private readonly rules: EntranceRules,
  ) {
    this.handshakes = new PendingHandshakes(rules.handshakeTimeout);
    const { admit, hosts } = rules;
    const { origins = admit === undefined ? '*' : 'same' } = rules;
    this.allowsOrigin = originRule(origins, hosts);
  }

  /**
   * Takes a request to connect. Never throws.
   *
   * @param line Emits `close` when the peer has gone.
   */
  enter(request: IncomingMessage, line: Line, arrival: Arrival): void {
    try {
      this.checkRoom();
      const visitor = (this.rules.visitorOf ?? peerOf)(request);
      if (!this.allowsOrigin(request, visitor)) {
        throw new UpgradeRefused(403, 'Origin not allowed', {}, 'origin');
      }
      const mark = this.registry.$everywhere.mark();
      const decision = this.rules.admit?.(request, visitor) ?? NOBODY;
      const accept = (admission: Admission): void => {
        this.accept(request, arrival, admission, { visitor, mark });
      };
      if (isPromiseLike(decision)) {
        this.handshakes.wait(line, decision, {
          accepted: accept,
          refused: (error) => this.refuse(request, arrival, error),
        });
      } else {
        accept(decision);
      }
    } catch (error) {
      this.refuse(request, arrival, error);
    }
  }

  /**
   * Refuses all requests from now on, those that wait for a decision included.
   */
  close(): void {
    this.closed = true;
    this.handshakes.abandon(shuttingDown());
  }

  private checkRoom(): void {
    if (this.closed) throw shuttingDown();
    const there = this.inside.size + this.handshakes.size;
    if (there >= this.rules.maxConnections) {
      throw new UpgradeRefused(503, 'Too many connections', {}, 'full');
    }
  }

  private accept(
    request: IncomingMessage,
    arrival: Arrival,
    { identity, expiresAt }: Admission,
    { visitor, mark }: { readonly visitor: Visitor; readonly mark: number },
  ): void {
    try {
      // An identity that is not JSON is refused here: it would be too late once
      // the transport has accepted.
      const frozen = frozenJson(identity, 'identity');
      assertNotClosed(this.registry, frozen, mark);
      arrival.accept({ identity: frozen, expiresAt }, visitor);
    } catch (error) {
      this.refuse(request, arrival, error);
    }
  }

  private refuse(
    request: IncomingMessage,
    arrival: Arrival,
    error: unknown,
  ): void {
    const known = isInstance(error, UpgradeRefused) ? error.reason : '500';
    this.registry.counters.add('refused', { reason: known });
    if (isInstance(error, UpgradeRefused)) {
      // The log is the only place to learn the reason: a browser does not tell
      // its page.
      this.registry.log.debug('refused', () => {
        const { url = '', headers } = request;
        const from = excerpt(withoutQuery(headers.origin ?? 'no origin'));
        return `Refused an upgrade of ${excerpt(withoutQuery(url))} (${from}): ${error.status} ${error.message}`;
      });
      arrival.refuse(error);
      return;
    }
    this.registry.failed(
      { reason: 'upgrade' },
      error,
      () => 'An upgrade request failed',
    );
    arrival.refuse(new UpgradeRefused(500, 'Internal Server Error'));
  }
}
