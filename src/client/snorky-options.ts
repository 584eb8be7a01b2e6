import type { QueueLimits } from './connection/outgoing.js';
import type { ReconnectionOptions } from './connection/reconnection.js';

/** Options of a `Snorky` object. All times are milliseconds. */
export interface SnorkyOptions {
  /** Whether to print what happens to the console. @default false */
  readonly debug?: boolean;
  /** Whether to connect at once. @default true */
  readonly connect?: boolean;
  /**
   * When a lost connection comes back; false: never. @see ReconnectionOptions
   */
  readonly reconnect?: ReconnectionOptions | false;
  /** How long calls wait for their answer; 0: any time. @default 30000 */
  readonly timeout?: number;
  /** How long a socket may take to open. @default 10000 */
  readonly openTimeout?: number;
  /**
   * The silence after which the server is asked for a sign of life; 0: it is
   * never asked. Asking a server without negotiation requires one RPC service
   * among `services`.
   *
   * @default 30000
   */
  readonly heartbeat?: number;
  /** How long the sign of life may take. @default 10000 */
  readonly heartbeatTimeout?: number;
  /** How much may wait for a connection. */
  readonly queue?: QueueLimits;
}
