import type { MaybePromise } from '../../protocol/maybe-promise.js';
import type { Client } from './client.js';
import { isPromiseLike, asPromise } from '../promise-like.js';

/**
 * Does things about one client one after the other, as soon as one of them
 * takes time. Over a broker on a network the answers would otherwise overtake
 * each other, and a cancellation would come before what it cancels. While
 * answers are at hand, nothing is kept and nothing waits.
 */
export class ClientTurns {
  private readonly underway = new Map<Client, Promise<unknown>>();

  /**
   * Acts after everything begun about the client before has settled, however it
   * did.
   */
  take<T>(client: Client, act: () => MaybePromise<T>): MaybePromise<T> {
    const before = this.underway.get(client);
    const result = before === undefined ? act() : before.then(act, act);
    if (!isPromiseLike(result)) return result;
    const settled = asPromise(result).finally(() => {
      if (this.underway.get(client) === settled) this.underway.delete(client);
    });
    this.underway.set(client, settled);
    return settled;
  }
}
