import { after, type Timer } from '../timer.js';

/** What a connector uses of a socket. Browsers, `ws` and SockJS have it. */
export interface Socket {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  readonly bufferedAmount?: number;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

/** The class of a socket: `WebSocket` in a browser. */
export type SocketClass = new (url: string) => Socket;

/** How a connection ended. */
export interface Close {
  /** The code of the close frame; 1006 where there was none. */
  readonly code: number;
  readonly reason: string;
}

/** What a connection reports. It reports nothing after `closed`. */
export interface ConnectionEvents {
  opened(): void;
  received(data: unknown): void;
  closed(close: Close): void;
}

/** The close code of a connection that ends without a close frame. */
export const ABNORMAL = 1006;

/** One socket, from its opening to its end. It is never opened again. */
export class Connection {
  readonly #socket: Socket;
  readonly #patience: Timer;
  readonly #events: ConnectionEvents;

  /**
   * @param openTimeout Milliseconds that the socket may take to open; 0: any
   *   time.
   * @throws What the socket class throws, for example for an invalid URL.
   */
  constructor(
    socketClass: SocketClass,
    url: string,
    openTimeout: number,
    events: ConnectionEvents,
  ) {
    this.#events = events;
    const socket = new socketClass(url);
    this.#socket = socket;
    this.#patience = after(openTimeout, () => {
      this.$abandon(`It did not open within ${openTimeout} ms`);
    });
    socket.onopen = () => {
      clearTimeout(this.#patience);
      events.opened();
    };
    socket.onmessage = ({ data }: { readonly data: unknown }) => {
      events.received(data);
    };
    socket.onclose = (event?: Partial<Close>) => {
      const { code = ABNORMAL, reason = '' } = event ?? {};
      this.close();
      events.closed({ code, reason: String(reason) });
    };
    // A close always follows an error. Without a listener, `ws` would throw.
    socket.onerror = () => {};
  }

  /** Whether the socket has data to send. Not every class tells. */
  get $isSending(): boolean {
    return (this.#socket.bufferedAmount ?? 0) > 0;
  }

  /** @throws What the socket throws when it is not open. */
  send(text: string): void {
    this.#socket.send(text);
  }

  /** Closes the socket. Nothing is reported of it any more. */
  close(): void {
    clearTimeout(this.#patience);
    const socket = this.#socket;
    // Late events of this socket must not reach the owner, which may have a new
    // one. `onerror` stays: in `ws`, closing a socket that is being opened is
    // an error.
    socket.onopen = socket.onmessage = socket.onclose = null;
    try {
      socket.close();
    } catch {
      // Some classes refuse to close a socket that is closed, or not open yet.
    }
  }

  /**
   * Ends a connection that does not answer, without waiting for its close
   * event.
   */
  $abandon(reason: string): void {
    this.close();
    this.#events.closed({ code: ABNORMAL, reason });
  }
}
