/**
 * Codes with which the server closes a WebSocket.
 *
 * After 1001 and 4000-4099 a client may come back at once or a little later;
 * After 1009 and 4100-4199 it must change something first: doing the same again
 * would end the same way.
 */
export const CloseCode = {
  /** The application closed the connection without giving a code. */
  normal: 1000,
  /** The server shuts down. Reconnect. */
  goingAway: 1001,
  /** A message exceeded `maxPayload`. */
  messageTooBig: 1009,
  /** A ping was not answered before the next one was due. Reconnect. */
  noPong: 4000,
  /** More was waiting for this client than its bound allows. Reconnect. */
  slowClient: 4001,
  /** Too many requests stayed unanswered for too long. Reconnect. */
  stalled: 4002,
  /**
   * What the client follows has changed in a way that the server could not tell
   * it. Reconnect, and fetch again.
   */
  changesLost: 4003,
  /** The proof of the client's identity has expired. Log in again first. */
  identityExpired: 4100,
} as const;

/** A close code that the server uses on its own. */
export type CloseCode = (typeof CloseCode)[keyof typeof CloseCode];

/** Why the server closes a connection on its own. */
export type CloseCause = keyof typeof CloseCode;

/**
 * The reason in the close frame, by the cause. Part of the protocol, for people
 * who read logs: programs go by the code.
 */
export const CloseReason: Readonly<Record<CloseCause, string>> = {
  normal: '',
  goingAway: '',
  messageTooBig: '',
  noPong: 'No pong',
  slowClient: 'Too slow',
  stalled: 'Too many unanswered requests',
  changesLost: 'Changes were lost',
  identityExpired: 'Identity expired',
};
