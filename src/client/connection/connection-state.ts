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
 * that a state does not name leave it as it is.
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
