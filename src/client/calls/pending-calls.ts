import type { JsonValue } from '../../protocol/json.js';
import type { CallOptions } from './call-options.js';
import { located, type CallSite } from './call-site.js';
import type { ConnectorHost } from '../connector-host.js';
import { ConnectorError, connectorError, type RpcError } from '../errors.js';
import type { Outgoing } from '../connection/outgoing.js';
import { after } from '../timer.js';

/** The two functions that settle a promise. */
export interface Settle {
  resolve(value: JsonValue): unknown;
  reject(reason: unknown): unknown;
  /**
   * Whether the call is only for this connection, and does not wait for the
   * next one.
   */
  readonly $isOnce?: boolean;
  /** Whether the answer is on its way. The call's time-out then begins anew. */
  $isBusy?(): boolean;
}

/** A call that has no answer yet. */
export interface PendingCall extends Settle {
  readonly outgoing: Outgoing;
  readonly repeat: boolean;
  readonly site: CallSite;
  /** Removes everything that could still end the call. */
  readonly release: () => void;
}

/**
 * The calls of one service that have no answer yet, by their call id. A call is
 * removed at the moment when it is settled, whatever settles it.
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
   * @param site What was called and where, for errors.
   */
  start(
    callId: number,
    text: string,
    site: CallSite,
    { timeout = this.#host.timeout, signal, repeat = false }: CallOptions,
    settle: Settle,
  ): void {
    if (signal?.aborted === true) {
      settle.reject(signal.reason);
      return;
    }
    const outgoing: Outgoing = { text, sent: false };
    try {
      this.#host.$send(outgoing);
    } catch (error) {
      settle.reject(located(error as ConnectorError, site));
      return;
    }
    const abort = (): unknown => this.take(callId)?.reject(signal?.reason);
    signal?.addEventListener('abort', abort);
    const expire = (): void => {
      // A repeated call that waits for a connection does not time out before it
      // is sent.
      if ((repeat && !outgoing.sent) || settle.$isBusy?.() === true) {
        timer = after(timeout, expire);
      } else {
        const what = `${site.service}.${site.command}`;
        this.fail(callId, connectorError('SNORKY_TIMEOUT', what, timeout));
      }
    };
    let timer = after(timeout, expire);
    this.#calls.set(callId, {
      outgoing,
      repeat,
      site,
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

  /** Removes the call with this id, and returns it. */
  take(callId: unknown): PendingCall | undefined {
    const call = this.#calls.get(callId as number);
    this.#calls.delete(callId as number);
    call?.release();
    return call;
  }

  /** Rejects the call with this id, unless it has been settled. */
  fail(callId: unknown, error: ConnectorError | RpcError): void {
    const call = this.take(callId);
    call?.reject(located(error, call.site));
  }

  /**
   * Handles the loss of the connection. Calls that were not sent yet, or may be
   * repeated, wait for the next connection.
   *
   * @param final Whether there will be no next one.
   */
  lost(error: ConnectorError, final: boolean): void {
    // A copy: a caller whose call is rejected may call again.
    for (const [callId, call] of [...this.#calls]) {
      const { outgoing, repeat } = call;
      if (!final && call.$isOnce !== true && (repeat || !outgoing.sent)) {
        if (!outgoing.sent) continue;
        outgoing.sent = false;
        try {
          this.#host.$send(outgoing);
        } catch (full) {
          this.fail(callId, full as ConnectorError);
        }
      } else {
        this.fail(callId, new ConnectorError(error.code, error.message));
      }
    }
  }
}
