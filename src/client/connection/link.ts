import {
  ABNORMAL,
  Connection,
  type Close,
  type SocketClass,
} from './connection.js';
import {
  NEXT_STATE,
  type ConnectionEvent,
  type ConnectionState,
} from './connection-state.js';
import { watchEnvironment } from './environment.js';
import { Liveness, type Living } from './liveness.js';
import { Reconnection } from './reconnection.js';
import { reportUncaught } from '../signal.js';
import type { SnorkyOptions } from '../snorky-options.js';
import { after, type Timer } from '../timer.js';

/**
 * Milliseconds for an answer after the device has reported that it is offline:
 * one is unlikely.
 */
const OFFLINE_PATIENCE = 2000;

/**
 * The server's address, or a function that gives it for each attempt, for
 * example with a fresh token.
 */
export type Address = Url | (() => Url | PromiseLike<Url>);

type Url = string | URL;

/** The owner of a connection, which hears of its changes. */
export interface LinkOwner extends Pick<Living, '$ask' | '$isBusy'> {
  readonly socketClass: SocketClass;
  readonly address: Address;
  /** The state has changed. `close` says how a connection ended, if one has. */
  $changed(state: ConnectionState, close: Close | undefined): void;
  $received(data: unknown): void;
}

/**
 * A connection that comes back. It has one socket at a time, and follows the
 * table {@link NEXT_STATE}.
 */
export class Link {
  state: ConnectionState = 'idle';
  /** When the next attempt is due, in milliseconds since 1970. */
  retryAt: number | undefined;
  /** Why the connection has stopped; undefined otherwise. */
  objection: string | undefined;
  #connection: Connection | undefined;
  /** The timer of the present state: each state waits for one thing at most. */
  #timer: Timer;
  #unwatch: (() => void) | undefined;
  #attempts = 0;
  readonly #liveness: Liveness;
  readonly #reconnection: Reconnection;
  /** In milliseconds. */
  readonly #openTimeout: number;
  readonly #owner: LinkOwner;

  constructor(owner: LinkOwner, options: SnorkyOptions) {
    const { reconnect, openTimeout = 10_000 } = options;
    this.#owner = owner;
    this.#openTimeout = openTimeout;
    this.#reconnection = new Reconnection(
      reconnect === false ? { attempts: 0 } : reconnect,
    );
    this.#liveness = new Liveness(options, {
      $ask: () => this.state === 'connected' && owner.$ask(),
      $isBusy: () => this.#connection?.$isSending === true || owner.$isBusy(),
      $dead: () => {
        this.#connection?.$abandon('It gave no sign of life');
      },
    });
  }

  /** Tries at once, and begins the delays anew. */
  connect(): void {
    if (this.state === 'idle' || this.state === 'stopped') {
      this.#reconnection.reset();
    }
    this.#fire('connect');
  }

  disconnect(): void {
    this.#fire('disconnect');
  }

  /** Hands a text to the socket. Answers whether the socket has taken it. */
  send(text: string): boolean {
    if (this.state !== 'connected') return false;
    try {
      this.#connection?.send(text);
      return true;
    } catch {
      // The socket is closing, and its close event is about to come.
      return false;
    }
  }

  #fire(event: ConnectionEvent, close?: Close): void {
    const to = NEXT_STATE[this.state][event];
    if (!to) return;
    this.state = to;
    this.#leave();
    if (to === 'connecting') this.#open();
    else if (to === 'connected') this.#hold();
    else if (to === 'waiting') this.#schedule();
    else {
      // No connection is wanted, so events of the browser do not matter.
      this.#unwatch?.();
      this.#unwatch = undefined;
    }
    // Opening may have failed at once, and changed the state again.
    if (this.state === to) this.#owner.$changed(to, close);
  }

  #leave(): void {
    clearTimeout(this.#timer);
    this.retryAt = undefined;
    this.#liveness.stop();
    if (this.state === 'connected') return;
    this.#connection?.close();
    this.#connection = undefined;
  }

  #open(): void {
    this.objection = undefined;
    this.#unwatch ??= watchEnvironment({
      online: () => this.#onOnline(),
      offline: () => this.#liveness.check(OFFLINE_PATIENCE),
      visible: () => {
        if (this.state === 'waiting') this.#fire('due');
        else this.#liveness.check();
      },
    });
    const { address } = this.#owner;
    if (typeof address === 'function') this.#openWhenKnown(address);
    else this.#openTo(address);
  }

  /**
   * Opens a socket once the address is known. Another attempt may have begun by
   * then.
   */
  #openWhenKnown(address: Exclude<Address, Url>): void {
    const attempt = ++this.#attempts;
    const when =
      <Value>(step: (value: Value) => void) =>
      (value: Value): void => {
        if (this.#attempts === attempt && this.state === 'connecting') {
          clearTimeout(this.#timer);
          step(value);
        }
      };
    const fail = when((error: unknown) => {
      this.#lose({ code: ABNORMAL, reason: `No address: ${String(error)}` });
    });
    this.#timer = after(this.#openTimeout, () => fail('too late'));
    Promise.resolve()
      .then(address)
      .then(
        when((url) => this.#openTo(url)),
        fail,
      );
  }

  #openTo(url: Url): void {
    const { socketClass } = this.#owner;
    const timeout = this.#openTimeout;
    try {
      this.#connection = new Connection(socketClass, String(url), timeout, {
        opened: () => this.#fire('opened'),
        received: (data) => {
          this.#liveness.heard();
          this.#owner.$received(data);
        },
        closed: (close) => this.#lose(close),
      });
    } catch (error) {
      // The URL is invalid, or the page may not open it. Another attempt would
      // not help.
      reportUncaught(error);
      const reason = String(error);
      this.objection = `the address cannot be opened (${reason})`;
      this.#fire('refused', { code: ABNORMAL, reason });
    }
  }

  #hold(): void {
    const reconnection = this.#reconnection;
    const { stableAfter } = reconnection;
    this.#liveness.start();
    if (stableAfter === 0) reconnection.reset();
    this.#timer = after(stableAfter, () => reconnection.reset());
  }

  #schedule(): void {
    const delay = this.#reconnection.nextDelay();
    this.retryAt = Date.now() + delay;
    this.#timer = setTimeout(() => this.#fire('due'), delay);
  }

  #lose(close: Close): void {
    this.objection = this.#reconnection.objection(close);
    this.#fire(this.objection ? 'refused' : 'lost', close);
  }

  #onOnline(): void {
    this.#liveness.check();
    if (this.state !== 'waiting') return;
    // Not at once: all computers of an office are online again at the same
    // moment.
    clearTimeout(this.#timer);
    this.#reconnection.reset();
    this.#schedule();
    this.#owner.$changed('waiting', undefined);
  }
}
