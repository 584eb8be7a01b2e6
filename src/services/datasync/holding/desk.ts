import type { Position } from '../../../broker/ports/log.js';
import type { MaybePromise } from '../../../protocol/maybe-promise.js';
import type { Client } from '../../../core/clients/client.js';
import { whenSettled } from '../../../core/promise-like.js';
import { RpcError } from '../../../core/rpc/rpc-error.js';
import { WireError } from '../../../protocol/errors.js';
import { LifeExecutor } from './executor.js';
import { HeldSubscriptions } from './held.js';
import { Holding } from './holding.js';
import { begin } from '../life/life.js';
import type { LifeContext } from './life-context.js';
import type { Result } from '../life/effects.js';
import type { LifeEvent } from '../life/events.js';
import type { Wish } from '../life/states.js';
import type { Revocation } from '../tokens/revocation.js';

/** The answer to a client that asks to resume. */
export interface Resumption {
  /**
   * Whether everything missed has been sent. If not, nothing is registered and
   * the token is gone: fetch again.
   */
  readonly recovered: boolean;
  /** The position up to which it was sent; present when recovered. */
  readonly position?: Position;
}

/** A client's request for a subscription. */
export interface Acquisition {
  readonly token: string;
  readonly client: Client;
  readonly resume: boolean;
  /**
   * The last position that the client knows; that of the authorization by
   * default.
   */
  readonly since: Position | undefined;
  /** The token whose place it is to take. */
  readonly replaces?: string;
  /**
   * Called with the answer, unless the acquisition fails. Null without
   * `resume`.
   */
  answer(result: Result): void;
}

/**
 * Finds the subscriptions that an event concerns. Their lives (see `life.ts`)
 * decide what follows.
 */
export class SubscriptionDesk {
  private readonly held: HeldSubscriptions;
  private readonly executor: LifeExecutor;

  /** @param maxSubscriptions Subscriptions of one client at most. */
  constructor(
    private readonly context: LifeContext,
    private readonly maxSubscriptions: number,
  ) {
    this.held = new HeldSubscriptions((by) => context.counted(by));
    this.executor = new LifeExecutor(context, this.held);
  }

  /**
   * Gives a client the subscription of a token, after everything that it has
   * missed. Settles when the subscription is live, or will not be.
   *
   * @throws RpcError when the client cannot have it.
   */
  acquire(acquisition: Acquisition): MaybePromise<void> {
    const { token, client, resume, since, replaces } = acquisition;
    // The end of a client that has gone was reported before, so nothing would
    // end its subscription.
    if (!client.connected) throw new RpcError(WireError.connectionRequired);
    const isOneMore =
      this.held.find(token, client) === undefined &&
      (replaces === undefined ||
        this.held.find(replaces, client) === undefined);
    if (isOneMore && this.held.of(client).size >= this.maxSubscriptions) {
      throw new RpcError(WireError.tooManySubscriptions);
    }
    return whenSettled<void>((resolve, reject) => {
      const wish: Wish = {
        mode: resume ? 'resumable' : 'once',
        since,
        ...(replaces === undefined ? {} : { replaces }),
      };
      const { life, effects } = begin(wish);
      const call = {
        // Called at once: when a promise settles, deltas with later positions
        // may have been sent.
        answer: (result: Result) => {
          acquisition.answer(result);
          resolve();
        },
        refuse: reject,
      };
      const holding = new Holding(token, client, wish, call, life);
      this.executor.start(holding, effects);
    });
  }

  /** @throws RpcError when the client has no such subscription. */
  cancel(token: string, client: Client): MaybePromise<void> {
    const holding = this.held.find(token, client);
    if (holding === undefined || holding.cancellation !== undefined) {
      throw new RpcError(WireError.noSuchSubscription);
    }
    return whenSettled<void>((resolve, reject) => {
      holding.cancellation = { resolve, reject };
      this.executor.run(holding, { type: 'cancel' });
    });
  }

  /** Ends all subscriptions of a client that has gone. */
  leave(client: Client): void {
    this.tell([...this.held.of(client)], { type: 'disconnect' });
  }

  /**
   * Notes that the client has another identity: subscriptions bound to the old
   * one end. The client is told of everything that follows before this returns.
   */
  identityChanged(client: Client): void {
    this.context.notices.identityChanged(client);
    this.tell([...this.held.of(client)], { type: 'identityChanged' });
  }

  /** Notes that somebody, here or on another node, has taken a token over. */
  taken(token: string, holder: string): void {
    const others: Holding[] = [];
    let holding = this.held.get(token);
    while (holding !== undefined) {
      if (holding.holder !== holder) others.push(holding);
      holding = holding.older;
    }
    this.tell(others, { type: 'taken' });
  }

  /**
   * Asks the broker about every token. Any of them may belong to another
   * connection by now: it is not known what the broker has lost.
   */
  doubted(): void {
    const all = [...this.held];
    for (const holding of all) holding.isDoubted = true;
    this.tell(all, { type: 'taken' });
  }

  /**
   * Notes that a log has lost entries. What subscriptions were sent may lack
   * some for ever.
   */
  gap(): void {
    this.tell([...this.held], { type: 'gap' });
  }

  /**
   * Notes an entry of the log: rows of these models have to be fetched again.
   */
  invalidated(models: ReadonlySet<string>, position: Position): void {
    const { engine, output } = this.context;
    const concerned: Holding[] = [];
    for (const holding of this.held) {
      const { subscription } = holding;
      // A reading that lags behind the log has reached an entry that a replay
      // has passed.
      if (
        subscription !== undefined &&
        engine.concerns(subscription.items, models) &&
        !output.hasHad(subscription, position)
      ) {
        concerned.push(holding);
      }
    }
    this.tell(concerned, { type: 'invalidated' });
  }

  /**
   * Takes back the subscriptions that a revocation concerns.
   *
   * @param at Its position in the log of revocations.
   */
  revoked(revocation: Revocation, at: Position): void {
    const concerned = [...this.candidates(revocation)].filter((holding) =>
      this.executor.concerns(holding, revocation, at),
    );
    this.tell(concerned, { type: 'revoked' });
  }

  /**
   * Subscriptions that a revocation may concern, found by the narrowest index.
   */
  private *candidates({ terms }: Revocation): Iterable<Holding> {
    const { token, identity } = terms;
    if (token !== undefined) {
      let holding = this.held.get(token);
      for (; holding !== undefined; holding = holding.older) yield holding;
    } else if (identity !== undefined) {
      for (const client of this.context.clientsOf(identity)) {
        yield* this.held.of(client);
      }
    } else {
      yield* this.held;
    }
  }

  private tell(holdings: readonly Holding[], event: LifeEvent): void {
    for (const holding of holdings) this.executor.run(holding, event);
    this.context.notices.flush();
  }
}
