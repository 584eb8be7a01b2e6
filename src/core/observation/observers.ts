import type { Client } from '../clients/client.js';
import { asPromise, isPromiseLike } from '../promise-like.js';
import type { RegistryEvent } from './registry-event.js';

/** How a call of a command ended. */
export interface CommandReport {
  readonly service: string;
  /** Undefined where there is no such command: callers can send any name. */
  readonly command: string | undefined;
  /** Who called. Over HTTP it is a client that is not connected. */
  readonly client: Client;
  /** Milliseconds from the message to its answer. */
  readonly duration: number;
  /**
   * `answered`: with a result. `refused`: with an error that the caller may
   * know of, from a guard, a pipe or the command itself. `failed`: with
   * `Internal error`, or because the broker was out of reach.
   */
  readonly outcome: 'answered' | 'refused' | 'failed';
}

/**
 * Somebody who observes a registry. What a method throws, or rejects with, is
 * logged and reaches nobody else.
 */
export interface RegistryObserver {
  /**
   * A call has been answered. Calls that are never answered are not reported.
   */
  command?(report: CommandReport): unknown;
  /**
   * A client has connected or gone, or a channel has its first or no
   * subscriber.
   */
  event?(event: RegistryEvent): unknown;
}

/** Takes what an observer throws. */
export type ObserverFailed = (error: unknown) => void;

/**
 * The observers of a registry. While there are none, both flags are false, and
 * nothing is made to tell them.
 */
export class Observers {
  hearsCommands = false;
  hearsEvents = false;
  private list: readonly RegistryObserver[] = [];

  constructor(private readonly failed: ObserverFailed) {}

  /** Adds an observer. Returns a function that removes it. */
  add(observer: RegistryObserver): () => void {
    // An object for each call: the same observer may be added twice.
    const entry = {
      command: observer.command?.bind(observer),
      event: observer.event?.bind(observer),
    } as RegistryObserver;
    this.change([...this.list, entry]);
    return () => this.change(this.list.filter((one) => one !== entry));
  }

  command(report: CommandReport): void {
    for (const { command } of this.list) this.tell(command, report);
  }

  event(event: RegistryEvent): void {
    for (const { event: listener } of this.list) this.tell(listener, event);
  }

  private tell<Told>(
    listener: ((told: Told) => unknown) | undefined,
    told: Told,
  ): void {
    if (listener === undefined) return;
    try {
      const result = listener(told);
      if (isPromiseLike(result)) {
        asPromise(result).then(undefined, this.failed);
      }
    } catch (error) {
      this.failed(error);
    }
  }

  private change(list: readonly RegistryObserver[]): void {
    this.list = list;
    this.hearsCommands = list.some(({ command }) => command !== undefined);
    this.hearsEvents = list.some(({ event }) => event !== undefined);
  }
}
