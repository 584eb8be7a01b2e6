import { isUtf8 } from 'node:buffer';
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import type { Handshake } from '../../core/clients/client.js';
import { checkClosing, cutReason } from '../../core/clients/closing.js';
import type { Counters } from '../../core/observation/counters.js';
import {
  CloseCode,
  CloseReason,
  type CloseCause,
} from '../../protocol/close-codes.js';
import { FrameSender, type SenderContext } from './frame-sender.js';
import { ReadGate, type ReadGateHost } from './read-gate.js';
import type { SnorkySocket, SocketOwner } from './snorky-socket.js';
import type { WebSocketSettings } from './websocket-options.js';

/** Buffered bytes up to which a pong is still written to a socket. */
const LOW_WATER = 64 * 1024;
/** Milliseconds that a peer has for the closing handshake. */
const CLOSE_TIMEOUT = 5000;
/** Milliseconds that a peer has which does not read, or does not answer. */
const HOPELESS_TIMEOUT = 2000;

/** What the clients of one endpoint share. */
export interface WebSocketContext extends SenderContext {
  readonly settings: WebSocketSettings;
  readonly counters: Counters;
  received(client: WebSocketClient, text: string): void;
  failed(client: WebSocketClient, error: unknown): void;
  left(client: WebSocketClient): void;
}

/** One WebSocket connection. */
export class WebSocketClient
  extends FrameSender<WebSocketContext>
  implements ReadGateHost, SocketOwner
{
  /** Whether a ping is on its way whose pong has not come back. */
  awaitingPong = false;

  /** Made when it is first needed: few connections ever need it. */
  private gate: ReadGate | undefined;
  private ending: NodeJS.Timeout | undefined;

  constructor(
    ws: SnorkySocket,
    socket: Duplex,
    handshake: Handshake,
    context: WebSocketContext,
  ) {
    super(ws, socket, handshake, context);
    ws.tell(this);
  }

  close(code: number = CloseCode.normal, reason = ''): void {
    checkClosing(code, reason);
    if (this.closing) return;
    this.closing = true;
    this.outbox.close();
    this.end(code, reason, CLOSE_TIMEOUT);
  }

  /** Cuts the connection without a close frame. */
  terminate(): void {
    this.closing = true;
    this.outbox.discard();
    this.ws.terminate();
  }

  override requestOpened(size: number): void {
    super.requestOpened(size);
    if (this.overloaded) this.ownGate().close();
  }

  override requestClosed(size: number): void {
    super.requestClosed(size);
    if (this.gate?.closed) this.gate.tryOpen();
  }

  /** Sends a ping. Gives the connection up when the last ping is unanswered. */
  beat(): void {
    if (this.closing) return;
    if (this.gate?.closed) {
      // The ping keeps proxies from cutting the connection. The pong would not
      // be read.
      this.ws.ping();
    } else if (this.awaitingPong) {
      this.context.counters.add('closedNoPong');
      this.giveUp('noPong');
    } else if (this.ws.readyState === WebSocket.OPEN) {
      this.awaitingPong = true;
      this.ws.ping();
    }
  }

  // What the socket tells

  onMessage(data: Buffer, isBinary: boolean): void {
    if (this.closing) return;
    if (isUtf8(data)) {
      this.context.received(this, data.toString());
      if (this.outbox.bytes > this.settings.maxWaiting) {
        this.ownGate().closeForOutput();
      }
    } else if (!isBinary) {
      // A text frame that is not UTF-8 breaks RFC 6455; a binary frame may hold
      // anything.
      this.terminate();
    }
  }

  onPing(payload: Buffer): void {
    // A peer that pings without reading would fill our memory with pongs.
    if (this.ws.readyState === WebSocket.OPEN && this.buffered < LOW_WATER) {
      this.ws.pong(payload);
    }
  }

  /**
   * The peer is closing the connection, or must close it. Nothing more can be
   * sent. The peer gets the usual time to end its side: `ws` alone would wait
   * 30 seconds.
   */
  onClosing(): void {
    if (this.closing) return;
    this.closing = true;
    this.outbox.discard();
    this.gate?.open();
    this.endWithin(CLOSE_TIMEOUT);
  }

  onClosed(): void {
    this.closing = true;
    this.outbox.discard();
    this.gate?.dispose();
    clearTimeout(this.ending);
    this.context.left(this);
  }

  // What the outbox tells

  tooSlow(): void {
    this.context.counters.add('closedSlow');
    this.giveUp('slowClient');
  }

  failed(error: unknown): void {
    this.context.failed(this, error);
    this.terminate();
  }

  // What the gate needs

  get overloaded(): boolean {
    const { maxUnanswered, maxUnansweredBytes } = this.settings;
    return (
      this.pending >= maxUnanswered || this.pendingBytes > maxUnansweredBytes
    );
  }

  get settings(): WebSocketSettings {
    return this.context.settings;
  }

  stopReading(): void {
    this.ws.pause();
  }

  readAgain(): void {
    // A pong for the last ping may have arrived without being read.
    this.awaitingPong = false;
    this.ws.resume();
  }

  stalled(): void {
    if (!this.overloaded) {
      this.tooSlow();
      return;
    }
    this.context.counters.add('closedStalled');
    this.giveUp('stalled');
  }

  private ownGate(): ReadGate {
    return (this.gate ??= new ReadGate(this));
  }

  private giveUp(cause: CloseCause): void {
    if (this.closing) return;
    this.closing = true;
    this.outbox.discard();
    this.end(CloseCode[cause], CloseReason[cause], HOPELESS_TIMEOUT);
  }

  private end(code: number, reason: string, timeout: number): void {
    this.gate?.open();
    this.ws.closeWith(code, cutReason(reason));
    this.endWithin(timeout);
  }

  private endWithin(timeout: number): void {
    this.ending = setTimeout(() => this.ws.terminate(), timeout);
    this.ending.unref();
  }
}
