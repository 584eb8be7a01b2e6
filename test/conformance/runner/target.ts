/** The fixture server that cases are replayed against. */
export interface Target {
  /** Where WebSockets are opened: `ws://host:port`. */
  readonly websocket: string;
  /** Where the backend listens: `http://host:port`. */
  readonly backend: string;
  /** The backend's key. */
  readonly key: string;
  /** How long to wait for what must come, in milliseconds; 2,000 by default. */
  readonly patience?: number;
}
