import { WebSocket, type RawData } from 'ws';

/** Takes the events of a socket. */
export interface SocketOwner {
  /** Whether a ping is on its way whose pong has not come back. */
  awaitingPong: boolean;
  onMessage(data: Buffer, isBinary: boolean): void;
  onPing(payload: Buffer): void;
  /** The peer is closing the connection, or must close it. */
  onClosing(): void;
  onClosed(): void;
}

/**
 * The `ws` socket of a client. Its listeners are shared functions that find the
 * client here. Closures would cost every idle connection memory.
 */
export class SnorkySocket extends WebSocket {
  declare client: SocketOwner;

  /** Calls `client` for all events from now on. */
  tell(client: SocketOwner): void {
    this.client = client;
    this.on('message', onMessage);
    this.on('ping', onPing);
    this.on('pong', onPong);
    this.on('error', ignore);
    this.on('close', onClose);
  }

  /**
   * `ws` calls this to echo a peer's close, with the code alone, and when the
   * peer has broken the protocol.
   */
  override close(code?: number): void {
    super.close(code);
    this.client.onClosing();
  }

  closeWith(code: number, reason: string): void {
    super.close(code, reason);
  }
}

function onMessage(this: WebSocket, data: RawData, isBinary: boolean): void {
  // `binaryType` keeps its default, so `ws` gives one Buffer per message.
  (this as SnorkySocket).client.onMessage(data as Buffer, isBinary);
}

function onPing(this: WebSocket, payload: Buffer): void {
  (this as SnorkySocket).client.onPing(payload);
}

function onPong(this: WebSocket): void {
  (this as SnorkySocket).client.awaitingPong = false;
}

function onClose(this: WebSocket): void {
  (this as SnorkySocket).client.onClosed();
}

function ignore(): void {}
