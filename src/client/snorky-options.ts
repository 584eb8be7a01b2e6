import type { QueueLimits } from './connection/outgoing.js';
import type { ReconnectionOptions } from './connection/reconnection.js';

/** Options of a `Snorky` object. Times in milliseconds. */
export interface SnorkyOptions {
  /** Whether to print to the console what happens. @default false */
  readonly debug?: boolean;
  /** Whether to connect at once. @default true */
  readonly connect?: boolean;
  /** When to come back after a loss; false: never. @see ReconnectionOptions */
  readonly reconnect?: ReconnectionOptions | false;
  /** How long calls wait for their answer; 0: for ever. @default 30000 */
  readonly timeout?: number;
  /** How long a socket may take to open. @default 10000 */
  readonly openTimeout?: number;
  /**
   * After how much silence the server is asked for a sign of life. With servers
   * that know no hello, that takes one RPC service among `services`. 0: it is
   * never asked.
   *
   * @default 30000
   */
  readonly heartbeat?: number;
  /** How long a sign of life may take. @default 10000 */
  readonly heartbeatTimeout?: number;
  /** How much may wait for a connection. */
  readonly queue?: QueueLimits;
}
