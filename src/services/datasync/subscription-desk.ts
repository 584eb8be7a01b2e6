import type { MaybePromise, Position, Replay } from '../../broker/ports.js';
import type { Client } from '../../core/client.js';
import { Turns } from '../../core/client-turns.js';
import {
  isPromiseLike,
  whenReady,
  whenSettled,
} from '../../core/promise-like.js';
import { RpcError } from '../../core/rpc-error.js';
import { WireError } from '../../protocol/errors.js';
import { CatchUp } from './catch-up.js';
import type { DataSyncEngine } from './datasync.engine.js';
import type { DataSyncSettings } from './datasync-options.js';
import type { DeltaOutput } from './delta-output.js';
import { HeldSubscriptions } from './held-subscriptions.js';
import type { LogReader } from './log-reader.js';
import type { PositionBeacon } from './position-beacon.js';
import { ReplaySchedule } from './replay-schedule.js';
import type { SubscriptionStore } from './subscription-store.js';
import { Subscription } from './subscription.js';
import type { WaitingTokens } from './waiting-tokens.js';

/** What a client that asks to resume is told. */
export interface Resumption {
  /**
   * Whether all that was missed has been sent. If not, nothing is registered
   * and the token is gone: fetch again.
   */
  readonly recovered: boolean;
  /** Up to where, when recovered. */
  readonly position?: Position;
}

/** A client's wish to have a subscription. */
export interface Acquisition {
  readonly token: string;
  readonly client: Client;
  readonly resume: boolean;
  /** The last position that it knows; default: that of the authorization. */
  readonly since: Position | undefined;
  /** Told what came of it, unless it fails. Null without `resume`. */
  answer(result: Resumption | null): void;
}

/** What a desk works with. */
export interface DeskContext {
  readonly engine: DataSyncEngine;
  readonly store: SubscriptionStore;
  readonly reader: LogReader;
  readonly output: DeltaOutput;
  readonly beacon: PositionBeacon;
  readonly waiting: WaitingTokens;
  readonly settings: DataSyncSettings;
  replay(since: Position, limit: number): MaybePromise<Replay>;
  compare(left: Position, right: Position): number | undefined;
  /** A token came too late for the log. */
  uncovered(): void;
  /** A client has come with a token. */
  arrived(token: string): void;
  /** Something failed that nobody waits for. */
  failed(error: unknown): void;
}

/** Congested is who has this much waiting, in bytes: a part of its bound. */
const CONGESTED = 256 * 1024;

/** Gives subscriptions to clients, and takes them back. */
export class SubscriptionDesk {
  private readonly held = new HeldSubscriptions();
  private readonly schedule = new ReplaySchedule();
  /** Who claimed a token last is to have it, whichever answer comes first. */
  private readonly arrivals = new Turns<string>();
  /** Ends the replay of a subscription that is taken away meanwhile. */
  private readonly abandon = new Map<Subscription, () => void>();

  constructor(private readonly context: DeskContext) {}

  /** Subscriptions that clients of this node hold. */
  get size(): number {
    return this.held.size;
  }

  /**
   * Gives a client the subscription of a token, after all that it missed.
   * Settles when it is live, or will not be.
   *
   * @throws RpcError
   */
  acquire(acquisition: Acquisition): MaybePromise<void> {
    // The turn ends where the replay begins, which is why that is wrapped.
    const arrived = this.arrivals.take(acquisition.token, () =>
      this.arrive(acquisition),
    );
    return whenReady(arrived, ({ live }) => live);
  }

  /** Answers with what settles when the subscription is live. */
  private arrive(
    acquisition: Acquisition,
  ): MaybePromise<{ readonly live: MaybePromise<void> }> {
    const { token, client, resume } = acquisition;
    const { store, settings } = this.context;
    const mine = this.held.get(token);
    if (mine !== undefined && !(resume && mine.resumable)) {
      throw new RpcError(WireError.noSuchSubscription);
    }
    if (
      mine?.client !== client &&
      this.held.of(client).size >= settings.maxSubscriptions
    ) {
      throw new RpcError(WireError.tooManySubscriptions);
    }
    const taken = resume
      ? store.takeOver(token, client.id)
      : store.takeOnce(token, client.id);
    return whenReady(taken, (authorization) => {
      if (authorization === undefined) {
        throw new RpcError(WireError.noSuchSubscription);
      }
      this.context.waiting.forget(token);
      this.context.arrived(token);
      if (!client.connected) {
        if (resume) this.release(token, client);
        return { live: undefined };
      }
      const before = this.held.get(token);
      if (before !== undefined) this.drop(before, 'takeOver');
      const { items, position } = authorization;
      const subscription = new Subscription(token, client, resume, items);
      this.held.add(subscription);
      // Nobody was authorized for what came before.
      const since = acquisition.since ?? position;
      const early = (this.context.compare(since, position) ?? 0) < 0;
      const live = this.catchUp(
        subscription,
        early ? position : since,
        acquisition.answer,
      );
      // Of who took it over while the answer was on its way nobody was told.
      if (resume) this.taken(token);
      return { live };
    });
  }

  /** @throws RpcError when the client has no such subscription. */
  cancel(token: string, client: Client): MaybePromise<void> {
    const subscription = this.held.get(token);
    if (subscription?.client !== client) {
      throw new RpcError(WireError.noSuchSubscription);
    }
    this.drop(subscription, 'cancel');
    if (!subscription.resumable) return;
    return whenReady(this.remove(token, client), (removed) => {
      // Taken over, on a node whose word has not come here yet.
      if (!removed) throw new RpcError(WireError.noSuchSubscription);
    });
  }

  /** The client has gone. */
  leave(client: Client): void {
    for (const subscription of [...this.held.of(client)]) {
      this.drop(subscription, 'disconnect');
      if (subscription.state === 'grace') {
        this.release(subscription.token, client);
      }
    }
  }

  /** Somebody, here or on another node, has taken a token over. */
  taken(token: string): void {
    const subscription = this.held.get(token);
    if (subscription === undefined) return;
    const { store } = this.context;
    const { client } = subscription;
    this.later(
      whenReady(store.isHeldBy(token, client.id), (still) => {
        if (!still) {
          this.drop(subscription, 'takeOver');
        } else if (this.held.get(token)?.client !== client) {
          // To ask is to claim what is free, and it has nobody here any more.
          this.release(token, client);
        }
      }),
    );
  }

  /** Lets the client come back, if it still is its token. */
  private release(token: string, client: Client): void {
    const { store, waiting } = this.context;
    // Before the answer: the client may be faster.
    waiting.add(token);
    this.later(
      whenReady(store.release(token, client.id), (released) => {
        if (!released) waiting.forget(token);
      }),
    );
  }

  private catchUp(
    subscription: Subscription,
    since: Position,
    answer: Acquisition['answer'],
  ): MaybePromise<void> {
    const { held } = this;
    const { engine, reader, output, beacon } = this.context;
    const { client, token, resumable } = subscription;
    return whenSettled<void>((resolve, reject) => {
      const settle = (): void => void this.abandon.delete(subscription);
      this.abandon.set(subscription, () =>
        reject(new RpcError(WireError.noSuchSubscription)),
      );
      new CatchUp(
        {
          reader,
          schedule: this.schedule,
          replay: (from, limit) => this.context.replay(from, limit),
        },
        {
          // A take-over leaves the state as it is: it is replaying, elsewhere.
          get wanted() {
            return held.get(token) === subscription;
          },
          get congested() {
            return client.waiting > CONGESTED;
          },
          whenDrained: (act) => client.whenDrained(act),
          send: (entry) => output.missed(subscription, entry),
          caughtUp: (position) => {
            engine.register(subscription);
            settle();
            subscription.sentTo = position;
            subscription.apply('caughtUp');
            if (resumable) beacon.told(subscription);
            // At once: by the time that a promise settles, later deltas with
            // later positions may have gone out.
            answer(resumable ? { recovered: true, position } : null);
            resolve();
          },
          uncovered: () => {
            settle();
            this.drop(subscription, 'uncovered');
            this.context.uncovered();
            this.giveUp(subscription, () => {
              if (resumable) {
                answer({ recovered: false });
                resolve();
              } else {
                reject(new RpcError(WireError.subscriptionExpired));
              }
            });
          },
          failed: (error) => {
            if (held.get(token) !== subscription) return;
            settle();
            this.drop(subscription, 'cancel');
            this.giveUp(subscription, () => reject(error));
          },
        },
        since,
      ).start();
    });
  }

  private drop(
    subscription: Subscription,
    event: 'takeOver' | 'uncovered' | 'cancel' | 'disconnect',
  ): void {
    const wasLive = subscription.state === 'live';
    subscription.apply(event);
    // To this connection it is gone, whoever has it now.
    if (!this.held.delete(subscription)) return;
    if (wasLive) this.context.engine.unregister(subscription);
    this.context.beacon.forget(subscription);
    const abandon = this.abandon.get(subscription);
    this.abandon.delete(subscription);
    abandon?.();
  }

  /** Removes the token, if it is still this client's, before anybody is told. */
  private giveUp(
    { token, client, resumable }: Subscription,
    then: () => void,
  ): void {
    if (!resumable) {
      then();
      return;
    }
    const removed = this.remove(token, client);
    if (!isPromiseLike(removed)) {
      then();
      return;
    }
    removed.then(then, (error: unknown) => {
      this.context.failed(error);
      then();
    });
  }

  /** Answers false when somebody else holds the token by now. */
  private remove(token: string, client: Client): MaybePromise<boolean> {
    const { store, waiting } = this.context;
    return whenReady(store.removeHeld(token, client.id), (removed) => {
      // It waits if it was let go meanwhile, see `taken`.
      if (removed) waiting.forget(token);
      return removed;
    });
  }

  private later(answer: MaybePromise<unknown>): void {
    if (!isPromiseLike(answer)) return;
    answer.then(undefined, (error: unknown) => this.context.failed(error));
  }
}
