import type { PerMessageDeflateOptions } from 'ws';
import { LONGEST_TIMER } from '../../protocol/longest-timer.js';
import {
  checkHosts,
  checkOrigins,
} from '../../core/admission/origin-options.js';
import type { Origins } from '../../core/admission/origins.js';
import type { SelectSubprotocol } from './subprotocols.js';

/** How one WebSocket endpoint behaves. All times are milliseconds. */
export interface WebSocketOptions {
  /**
   * Which pages may connect.
   * @default '*' while the registry has no guards, middleware or `identify`;
   * `'same'` as soon as it has.
   */
  readonly origins?: Origins;
  /**
   * The hosts under which pages may connect, each with its port unless that is
   * 80 or 443. A page that names another host is refused, whatever `origins`
   * says. Otherwise a stranger could make a name of their own lead here, and
   * their page would be of the `'same'` host (DNS rebinding). Requests without
   * an origin come from no page, and pass.
   * @default any host
   * @example ['chat.example.com', 'localhost:3000']
   */
  readonly hosts?: readonly string[];
  /**
   * Selects a subprotocol, for clients that send a token as one:
   * `new WebSocket(url, ['snorky', 'bearer.<token>'])`. Guards read the offer as
   * `request.subprotocols`.
   * @default none is selected
   * @example
   * subprotocol: (offered) => offered.find((name) => name === 'snorky')
   */
  readonly subprotocol?: SelectSubprotocol;
  /**
   * Time between pings. A client that has not answered a ping when the next one
   * is due is closed with 4000. 0 turns pings off, and so the detection of dead
   * peers. Proxies cut connections that are silent for a while, many after a
   * minute: stay below that.
   * @default 30_000
   */
  readonly heartbeat?: number;
  /**
   * Bytes of the largest message taken from a client. A larger one closes the
   * connection with 1009.
   * @default 1_048_576 (1 MiB)
   */
  readonly maxPayload?: number;
  /**
   * Requests of one connection that may wait for their answers. Beyond that,
   * the socket is not read until some are answered.
   * @default 1000
   */
  readonly maxUnanswered?: number;
  /**
   * Bytes of the requests that may wait for their answers. Beyond that, the
   * socket is not read until some are answered.
   * @default 10_485_760 (10 MiB)
   */
  readonly maxUnansweredBytes?: number;
  /**
   * How long a socket may stay unread while nothing moves: no request is
   * answered and no answer is read. Then it is closed, with 4002 if its
   * requests were unanswered, with 4001 as a slow client if it did not read its
   * answers (see `maxWaiting`).
   * @default 90_000
   */
  readonly stallTimeout?: number;
  /**
   * Bytes that may wait for a client that reads too slowly, beyond what its
   * socket buffers. A client with more is closed with 4001. If it is the
   * answers to its own requests that exceed this, the server stops reading its
   * requests until it has read them.
   * @default 1_048_576 (1 MiB)
   */
  readonly maxWaiting?: number;
  /**
   * Bytes that a single turn of the event loop may queue for one client beyond
   * `maxWaiting`, as one large message or as a burst, without making it slow.
   * @default 33_554_432 (32 MiB)
   */
  readonly maxBurst?: number;
  /**
   * Connections of this endpoint at most. Further ones are refused with 503.
   * @default Infinity
   */
  readonly maxConnections?: number;
  /**
   * How long guards, middleware and `identify` may take. A connection that
   * takes longer is refused with 503.
   * @default 10_000
   */
  readonly handshakeTimeout?: number;
  /**
   * Compresses messages for clients that support it. It costs memory and CPU
   * for each connection, and a message to many is compressed once for each of
   * them.
   * @default false
   */
  readonly compression?: boolean | PerMessageDeflateOptions;
}

/** The options that have a default of their own, filled in. */
export interface WebSocketSettings {
  readonly heartbeat: number;
  readonly maxPayload: number;
  readonly maxUnanswered: number;
  readonly maxUnansweredBytes: number;
  readonly stallTimeout: number;
  readonly maxWaiting: number;
  readonly maxBurst: number;
  readonly maxConnections: number;
  readonly handshakeTimeout: number;
}

/** @throws TypeError naming the option that makes no sense. */
export function webSocketSettings(
  options: WebSocketOptions,
): WebSocketSettings {
  const { hosts, origins, subprotocol } = options;
  if (origins !== undefined) checkOrigins(origins);
  if (hosts !== undefined) checkHosts(hosts);
  if (subprotocol !== undefined && typeof subprotocol !== 'function') {
    throw new TypeError(
      'The WebSocket option "subprotocol" must be a function that selects one ' +
        `of those that are offered, not ${typeof subprotocol}.`,
    );
  }
  const settings: WebSocketSettings = {
    heartbeat: options.heartbeat ?? 30_000,
    maxPayload: options.maxPayload ?? 1024 * 1024,
    maxUnanswered: options.maxUnanswered ?? 1000,
    maxUnansweredBytes: options.maxUnansweredBytes ?? 10 * 1024 * 1024,
    stallTimeout: options.stallTimeout ?? 90_000,
    maxWaiting: options.maxWaiting ?? 1024 * 1024,
    maxBurst: options.maxBurst ?? 32 * 1024 * 1024,
    maxConnections: options.maxConnections ?? Infinity,
    handshakeTimeout: options.handshakeTimeout ?? 10_000,
  };
  for (const [name, value] of Object.entries(settings)) {
    const least = name === 'heartbeat' ? 0 : 1;
    if (typeof value !== 'number' || !(value >= least)) {
      throw new TypeError(
        `The WebSocket option "${name}" must be a number from ${least} up, ` +
          `not ${String(value)}.`,
      );
    }
  }
  return {
    ...settings,
    heartbeat: Math.min(settings.heartbeat, LONGEST_TIMER),
    stallTimeout: Math.min(settings.stallTimeout, LONGEST_TIMER),
    handshakeTimeout: Math.min(settings.handshakeTimeout, LONGEST_TIMER),
  };
}
