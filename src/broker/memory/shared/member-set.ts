import type { DirectoryEntry, DirectoryEvent } from '../../ports/directory.js';
import type { Stop } from '../../ports/listening.js';
import { Feed } from './feed.js';
import type { Subscription } from './feed.js';
import { Queue } from './queue.js';

interface Logged {
  readonly number: number;
  readonly event: DirectoryEvent;
}

/** One set of a directory: its members, and the log of their changes. */
export class MemberSet {
  readonly members = new Map<string, DirectoryEntry>();
  readonly #log = new Queue<Logged>();
  readonly #feed: Feed<DirectoryEvent>;
  #floor: number;

  /**
   * @param floor The number up to which events may have been lost before.
   * @param onIdle Called when there are no watchers and nothing is under way.
   */
  constructor(floor: number, onIdle: () => void) {
    this.#floor = floor;
    this.#feed = new Feed(onIdle);
  }

  /** The highest number whose event is no longer remembered. */
  get floor(): number {
    return this.#floor;
  }

  /** Whether the set has neither members nor watchers. */
  get unused(): boolean {
    return this.members.size === 0 && this.#feed.idle;
  }

  /** Changes the members, logs the event and tells the watchers. */
  apply(number: number, event: DirectoryEvent): void {
    const { kind, entry } = event;
    if (kind === 'join') this.members.set(entry.key, entry);
    else this.members.delete(entry.key);
    this.#log.push({ number, event });
    this.#feed.deliver(number, event);
  }

  watch(subscription: Subscription<DirectoryEvent>): Stop {
    return this.#feed.subscribe(subscription);
  }

  /** Gives a new watcher the events after `since`. */
  catchUp(subscription: Subscription<DirectoryEvent>, since: number): void {
    const backlog: DirectoryEvent[] = [];
    let index = this.#log.firstIndex((logged) => logged.number > since);
    let logged;
    while ((logged = this.#log.at(index++))) backlog.push(logged.event);
    this.#feed.catchUp(subscription, backlog);
  }

  dropOldest(): void {
    this.#floor = this.#log.shift()?.number ?? this.#floor;
  }

  /** Drops the log up to this number, and tells the watchers. */
  lose(number: number): void {
    this.forget();
    this.#floor = number;
    this.#feed.lose(number);
  }

  /** Drops the log. Answers the number up to which events are lost. */
  forget(): number {
    while (this.#log.length > 0) this.dropOldest();
    return this.#floor;
  }
}
