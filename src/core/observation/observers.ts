import type { Client } from '../clients/client.js';
import { asPromise, isPromiseLike } from '../promise-like.js';
import type { RegistryEvent } from './registry-event.js';

/** How a call of a command has ended. */
export interface CommandReport {
  readonly service: string;
  /** Undefined where there is no such command: callers can write anything. */
  readonly command: string | undefined;
  /** Who has called. Over HTTP, one that is not connected. */
  readonly client: Client;
  /** Milliseconds from the message to its answer. */
  readonly duration: number;
  /**
   * `answered` with a result; `refused` with an error that the caller may know of: of a
   * guard, a pipe, the command itself; `failed` with `Internal error`, or because the broker
   * was not to be had.
   */
  readonly outcome: 'answered' | 'refused' | 'failed';
}

/**
 * Somebody who looks on. What it throws, or a promise of it that rejects, is logged
 * and reaches nobody else.
 */
export interface RegistryObserver {
  /** A call has its answer. Calls that never get one are not told. */
  command?(report: CommandReport): unknown;
  /** Somebody has come or gone. */
  event?(event: RegistryEvent): unknown;
}

/** What goes wrong with an observer. */
export type ObserverFailed = (error: unknown) => void;

/**
 * Who looks on at a registry. While nobody does, each of its two flags is false, and
 * nothing is made that could be told.
 */
export class Observers {
  hearsCommands = false;
  hearsEvents = false;
  private list: readonly RegistryObserver[] = [];

  constructor(private readonly failed: ObserverFailed) {}

  /** Returns what ends it. */
  add(observer: RegistryObserver): () => void {
    // An object of our own: the same observer may be there twice.
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
