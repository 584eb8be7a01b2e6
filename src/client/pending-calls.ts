import type { JsonValue } from '../protocol/json.js';
import type { CallOptions } from './call-options.js';
import type { ConnectorHost } from './connector-host.js';
import { connectorError, type ConnectorError } from './errors.js';
import type { Outgoing } from './outgoing.js';
import { after } from './timer.js';

/** Settles a promise. */
export interface Settle {
  resolve(value: JsonValue): unknown;
  reject(reason: unknown): unknown;
  /** The call is for this connection only: it does not wait for the next. */
  readonly isOnce?: boolean;
  /** Whether the answer is on its way, so that the call has its time anew. */
  isBusy?(): boolean;
}

interface PendingCall extends Settle {
  readonly outgoing: Outgoing;
  readonly repeat: boolean;
  readonly what: string;
  /** Stops everything that could still end the call. */
  readonly release: () => void;
}

/**
 * The calls of one service that have no answer yet, by their call id. A call
 * leaves the table the moment it is settled, whatever settles it.
 */
export class PendingCalls {
  readonly #calls = new Map<number, PendingCall>();
  readonly #host: ConnectorHost;

  constructor(host: ConnectorHost) {
    this.#host = host;
  }

  /**
   * Sends a call, or keeps it until there is a connection.
   *
   * @param what What is called, for errors.
   */
  start(
    callId: number,
    text: string,
    what: string,
    { timeout = this.#host.timeout, signal, repeat = false }: CallOptions,
    settle: Settle,
  ): void {
    if (signal?.aborted === true) {
      settle.reject(signal.reason);
      return;
    }
    const outgoing: Outgoing = { text, sent: false };
    try {
      this.#host.$send(outgoing, what);
    } catch (error) {
      settle.reject(error);
      return;
    }
    const abort = (): unknown => this.take(callId)?.reject(signal?.reason);
    signal?.addEventListener('abort', abort);
    const expire = (): void => {
      // What waits for a connection has its time when there is one.
      if ((repeat && !outgoing.sent) || settle.isBusy?.() === true) {
        timer = after(timeout, expire);
      } else {
        const error = connectorError('SNORKY_TIMEOUT', what, timeout);
        this.take(callId)?.reject(error);
      }
    };
    let timer = after(timeout, expire);
    this.#calls.set(callId, {
      outgoing,
      repeat,
      what,
      ...settle,
      release: () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        this.#host.$withdraw(outgoing);
      },
    });
  }

  get size(): number {
    return this.#calls.size;
  }

  /** The call with this id, which is then no longer pending. */
  take(callId: unknown): Settle | undefined {
    const call = this.#calls.get(callId as number);
    if (call === undefined) return undefined;
    this.#calls.delete(callId as number);
    call.release();
    return call;
  }

  /**
   * The connection has gone. Calls that were not sent yet, or may be repeated,
   * wait for the next one.
   *
   * @param final There will be none.
   */
  lost(error: ConnectorError, final: boolean): void {
    // A copy: whoever is rejected may call again.
    for (const [callId, call] of [...this.#calls]) {
      const { outgoing, repeat, what } = call;
      if (!final && call.isOnce !== true && (repeat || !outgoing.sent)) {
        if (!outgoing.sent) continue;
        outgoing.sent = false;
        try {
          this.#host.$send(outgoing, what);
        } catch (full) {
          this.take(callId)?.reject(full);
        }
      } else {
        this.take(callId)?.reject(error);
      }
    }
  }
}
