import type { Feature } from '../protocol/features.js';
import type { ConnectionState } from './connection/connection-state.js';
import type { Close } from './connection/connection.js';
import type { Outgoing } from './connection/outgoing.js';
import type { Signal } from './signal.js';

/** The argument of a promise class. */
export interface PromiseClass {
  new <T>(
    executor: (
      resolve: (value: T | PromiseLike<T>) => void,
      reject: (reason?: unknown) => void,
    ) => void,
  ): Promise<T>;
}

/**
 * The features that a connector and its server agree on, anew for each
 * connection. A server that does not know the negotiation never answers, so
 * nothing may wait for the answer.
 *
 * @internal
 */
export interface Features {
  /**
   * Asks for features, from the next connection on. Their messages have to be
   * understood from then on: they may arrive before the answer.
   */
  ask(...features: readonly Feature[]): void;
  /**
   * Whether the server of this connection has granted the feature. Only then
   * may its params be sent.
   */
  granted(feature: Feature): boolean;
}

/** The parts of a `Snorky` object that the connectors of its services use. */
export interface ConnectorHost {
  readonly state: ConnectionState;
  /** Milliseconds that calls wait for their answer by default. */
  readonly timeout: number;
  /** The class of the promises that calls return. */
  readonly Promise: PromiseClass;
  /** The class of the signals that connectors have. */
  readonly Signal: typeof Signal;
  readonly stateChanged: Signal<[ConnectionState, Close | undefined]>;
  /** Prints to the console if the option `debug` is on. */
  logDebug(...message: unknown[]): void;
  /** @internal The features of the present connection. */
  readonly $features: Features;
  /** @internal */
  $send(outgoing: Outgoing): void;
  /** @internal */
  $withdraw(outgoing: Outgoing): void;
  /** @internal Prints an error to the console; bounded for each kind. */
  $complain(kind: string, ...message: unknown[]): void;
}
