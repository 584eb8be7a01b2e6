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
  /** The token at whose place it is to go on. */
  readonly replaces?: string;
  /** Called with the answer, unless it fails. Null without `resume`. */
  answer(result: Result): void;
}

/**
 * Finds the subscriptions that an event concerns. Their lives (see `life.ts`)
 * decide what follows.
 */
export class SubscriptionDesk {
  private readonly held = new HeldSubscriptions();
  private readonly executor: LifeExecutor;

  /** @param maxSubscriptions Of one client. */
  constructor(
    private readonly context: LifeContext,
    private readonly maxSubscriptions: number,
  ) {
    this.executor = new LifeExecutor(context, this.held);
  }

  /** Tokens that clients of this node hold, or claim. */
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
    const { token, client, resume, since, replaces } = acquisition;
    // Nothing more would happen to it, if its end was told before.
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
        // At once: by the time that a promise settles, later deltas with later
        // positions may have gone out.
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

  /** The client has gone. */
  leave(client: Client): void {
    this.tell([...this.held.of(client)], { type: 'disconnect' });
  }

  /**
   * The client has another identity from now on: subscriptions bound to the old
   * one end. What is on its way to the client is told before this returns.
   */
  identityChanged(client: Client): void {
    this.context.notices.identityChanged(client);
    this.tell([...this.held.of(client)], { type: 'identityChanged' });
  }

  /** Somebody, here or on another node, has taken a token over. */
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
   * Any token may be another connection's by now, since nobody knows what the
   * broker lost. Each is looked up.
   */
  doubted(): void {
    const all = [...this.held];
    for (const holding of all) holding.isDoubted = true;
    this.tell(all, { type: 'taken' });
  }

  /** A log has lost entries: what was told until now may lack some for ever. */
  gap(): void {
    this.tell([...this.held], { type: 'gap' });
  }

  /** An entry of the log says that rows of these models have to be fetched. */
  invalidated(models: ReadonlySet<string>, position: Position): void {
    const { engine, output } = this.context;
    const concerned: Holding[] = [];
    for (const holding of this.held) {
      const { subscription } = holding;
      // Where a reading that lags behind has come to, a replay was before.
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
   * The application takes subscriptions back.
   *
   * @param at Where the log of revocations says so.
   */
  revoked(revocation: Revocation, at: Position): void {
    const concerned = [...this.candidates(revocation)].filter((holding) =>
      this.executor.concerns(holding, revocation, at),
    );
    this.tell(concerned, { type: 'revoked' });
  }

  /** Those that it may concern, by the index that is nearest. */
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
