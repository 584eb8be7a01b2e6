import type { Close } from './connection.js';

/** The state of a connection. */
export type ConnectionState =
  /**
   * No connection is wanted: `connect()` was not called yet, or `disconnect()`
   * was.
   */
  | 'idle'
  /** A socket is being opened. */
  | 'connecting'
  | 'connected'
  /** The connection was lost, and the next attempt is scheduled. */
  | 'waiting'
  /** The connection was lost for good: only `connect()` tries again. */
  | 'stopped';

/** The events of a connection. */
export type ConnectionEvent =
  /** The application wants a connection. */
  | 'connect'
  /** The application no longer wants a connection. */
  | 'disconnect'
  /** The socket is open. */
  | 'opened'
  /** The socket could not be opened, has closed, or does not answer. */
  | 'lost'
  /**
   * As `lost`, but coming back would end the same way, or no attempt is left.
   */
  | 'refused'
  /** The next attempt is due. */
  | 'due';

/**
 * The whole life of a connection: the next state, by state and event. Events
 * that a state does not list do not change it.
 */
export const NEXT_STATE: Readonly<
  Record<
    ConnectionState,
    Readonly<Partial<Record<ConnectionEvent, ConnectionState>>>
  >
> = {
  idle: { connect: 'connecting' },
  connecting: {
    disconnect: 'idle',
    opened: 'connected',
    lost: 'waiting',
    refused: 'stopped',
  },
  connected: { disconnect: 'idle', lost: 'waiting', refused: 'stopped' },
  waiting: { connect: 'connecting', disconnect: 'idle', due: 'connecting' },
  stopped: { connect: 'connecting', disconnect: 'idle' },
};

/** The state of a connection at one moment. */
export interface ConnectionSnapshot {
  readonly state: ConnectionState;
  /** When the next attempt is due, in milliseconds since 1970. */
  readonly retryAt: number | undefined;
  /**
   * How the last connection, or attempt, has ended; undefined while there is a
   * connection.
   */
  readonly close: Close | undefined;
}
