import type { MaybePromise } from '../broker/ports.js';
import type { Client } from './client.js';
import { isPromiseLike, asPromise } from './promise-like.js';

/**
 * Has what is done about one thing follow one another once some of it takes
 * time: over a broker on a network the answers would overtake each other. While
 * they are at hand, nothing is kept and nothing waits.
 */
export class Turns<Thing> {
  private readonly underway = new Map<Thing, Promise<unknown>>();

  /** Acts after what was begun about the thing has settled, however it did. */
  take<T>(thing: Thing, act: () => MaybePromise<T>): MaybePromise<T> {
    const before = this.underway.get(thing);
    const result = before === undefined ? act() : before.then(act, act);
    if (!isPromiseLike(result)) return result;
    const settled = asPromise(result).finally(() => {
      if (this.underway.get(thing) === settled) this.underway.delete(thing);
    });
    this.underway.set(thing, settled);
    return settled;
  }
}

/**
 * The turns of a service's clients: without them, a cancellation would come
 * before what it cancels.
 */
export class ClientTurns extends Turns<Client> {}
