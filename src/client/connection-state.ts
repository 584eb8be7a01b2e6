/** Where a connection stands. */
export type ConnectionState =
  /** Nobody wants it: `connect()` was not called yet, or `disconnect()` was. */
  | 'idle'
  /** A socket is being opened. */
  | 'connecting'
  | 'connected'
  /** It was lost, and the next attempt has its time. */
  | 'waiting'
  /** It was lost for good: only `connect()` tries again. */
  | 'stopped';

/** What happens to a connection. */
export type ConnectionEvent =
  /** The application wants it. */
  | 'connect'
  /** The application does not want it any more. */
  | 'disconnect'
  /** The socket is open. */
  | 'opened'
  /** The socket could not be opened, has closed, or does not answer. */
  | 'lost'
  /** The same, and coming back would end the same way; or no attempt is left. */
  | 'refused'
  /** The time of the next attempt has come. */
  | 'due';

/**
 * The whole life of a connection: what each event makes of each state. Events
 * that cannot happen in a state leave it as it is.
 */
export const NEXT_STATE: Readonly<
  Record<ConnectionState, Readonly<Record<ConnectionEvent, ConnectionState>>>
> = {
  idle: {
    connect: 'connecting',
    disconnect: 'idle',
    opened: 'idle',
    lost: 'idle',
    refused: 'idle',
    due: 'idle',
  },
  connecting: {
    connect: 'connecting',
    disconnect: 'idle',
    opened: 'connected',
    lost: 'waiting',
    refused: 'stopped',
    due: 'connecting',
  },
  connected: {
    connect: 'connected',
    disconnect: 'idle',
    opened: 'connected',
    lost: 'waiting',
    refused: 'stopped',
    due: 'connected',
  },
  waiting: {
    connect: 'connecting',
    disconnect: 'idle',
    opened: 'waiting',
    lost: 'waiting',
    refused: 'waiting',
    due: 'connecting',
  },
  stopped: {
    connect: 'connecting',
    disconnect: 'idle',
    opened: 'stopped',
    lost: 'stopped',
    refused: 'stopped',
    due: 'stopped',
  },
};
