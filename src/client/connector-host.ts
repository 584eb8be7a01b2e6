import type { Feature } from '../protocol/features.js';
import type { ConnectionState } from './connection/connection-state.js';
import type { Close } from './connection/connection.js';
import type { Outgoing } from './connection/outgoing.js';
import type { Signal } from './signal.js';

/** What a promise class takes to make one. */
export interface PromiseClass {
  new <T>(
    executor: (
      resolve: (value: T | PromiseLike<T>) => void,
      reject: (reason?: unknown) => void,
    ) => void,
  ): Promise<T>;
}

/**
 * What a connector and its server agree on, anew for each connection. Servers
 * that know no negotiation never answer, so nobody may wait for it.
 *
 * @internal
 */
export interface Features {
  /**
   * Asks for features, from the next connection on. What they bring has to be
   * understood from then on: it may come before the answer.
   */
  ask(...features: readonly Feature[]): void;
  /**
   * Whether the server of this connection has said that it has the feature. Only
   * then may its parameters be sent.
   */
  granted(feature: Feature): boolean;
}

/** What a service's connector sees of the `Snorky` object it belongs to. */
export interface ConnectorHost {
  readonly state: ConnectionState;
  /** Milliseconds that calls wait for their answer, unless they say otherwise. */
  readonly timeout: number;
  /** The class of the promises that calls return. */
  readonly Promise: PromiseClass;
  /** The class of the signals that connectors have. */
  readonly Signal: typeof Signal;
  readonly stateChanged: Signal<[ConnectionState, Close | undefined]>;
  /** Prints to the console, if `debug` is on. */
  logDebug(...message: unknown[]): void;
  /** @internal What the connection and its server agree on. */
  readonly $features: Features;
  /** @internal */
  $send(outgoing: Outgoing): void;
  /** @internal */
  $withdraw(outgoing: Outgoing): void;
  /** @internal Prints an error to the console; a flood of one kind is cut. */
  $complain(kind: string, ...message: unknown[]): void;
}
