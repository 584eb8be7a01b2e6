import type { Position } from '../../../broker/ports/log.js';
import { RpcError } from '../../../core/rpc/rpc-error.js';
import { WireError } from '../../../protocol/errors.js';
import { Asking } from './asking.js';
import type { HeldSubscriptions } from './held.js';
import type { Holding } from './holding.js';
import { next } from '../life/life.js';
import type { LifeContext, Report } from './life-context.js';
import type { Effect, Refusal } from '../life/effects.js';
import type { LifeEvent } from '../life/events.js';
import { TokenQuestions } from './questions.js';
import { LogReadings } from './readings.js';
import { TokenRecords } from './records.js';
import type { Revocation } from '../tokens/revocation.js';
import { Subscription } from '../delivery/subscription.js';

/**
 * Carries out the effects of lives (see `life.ts`), and tells the lives the
 * results. Events that arrive meanwhile wait for their turn. So an answer at
 * hand does not interrupt the effects, and no stack grows.
 */
export class LifeExecutor {
  private readonly records: TokenRecords;
  private readonly questions: TokenQuestions;
  private readonly readings: LogReadings;

  constructor(
    private readonly context: LifeContext,
    private readonly held: HeldSubscriptions,
  ) {
    const report: Report = (holding, event) => this.run(holding, event);
    const asking = new Asking(context, report);
    this.records = new TokenRecords(context, report, asking);
    this.questions = new TokenQuestions(
      context,
      report,
      held,
      asking,
      this.records,
    );
    this.readings = new LogReadings(context, report, (holding, position) =>
      this.records.cleared(holding, position),
    );
  }

  /** @param effects The first effects of the life. */
  start(holding: Holding, effects: readonly Effect[]): void {
    this.held.add(holding);
    holding.isRunning = true;
    for (const effect of effects) this.perform(holding, effect);
    holding.isRunning = false;
    this.work(holding);
  }

  /** Tells a life of an event. Never throws. */
  run(holding: Holding, event: LifeEvent): void {
    holding.events.push(event);
    this.work(holding);
  }

  /**
   * Whether a revocation concerns a life.
   *
   * @param at Its position in the log of revocations.
   */
  concerns(holding: Holding, revocation: Revocation, at: Position): boolean {
    return this.readings.concerns(holding, revocation, at);
  }

  private work(holding: Holding): void {
    if (holding.isRunning) return;
    holding.isRunning = true;
    for (;;) {
      const event = holding.events.shift();
      if (event === undefined) break;
      const { life, effects } = next(holding.life, event);
      holding.life = life;
      for (const effect of effects) this.perform(holding, effect);
    }
    holding.isRunning = false;
  }

  private perform(holding: Holding, effect: Effect): void {
    try {
      this.act(holding, effect);
    } catch (error) {
      this.context.failed(error);
    }
  }

  private act(holding: Holding, effect: Effect): void {
    const { context } = this;
    const { token, client, call } = holding;
    switch (effect.do) {
      case 'claim':
      case 'ask':
      case 'announce':
      case 'place':
      case 'release':
      case 'remove':
        this.questions[effect.do](holding);
        break;
      case 'record':
        this.records.record(holding);
        break;
      case 'later':
        context.retries.later(++holding.attempts, () =>
          this.run(holding, { type: 'due', what: effect.what }),
        );
        break;
      case 'supersede':
        this.supersede(holding);
        break;
      case 'check':
        this.readings.check(holding, effect.authorization);
        break;
      case 'replay':
        this.readings.replay(holding, effect);
        break;
      case 'halt':
        holding.catchUp?.stop();
        holding.catchUp = undefined;
        break;
      case 'register':
        this.register(holding, effect.position);
        break;
      case 'unregister':
        if (holding.subscription !== undefined) {
          context.engine.unregister(holding.subscription);
          context.beacon.forget(holding.subscription);
        }
        break;
      case 'expire':
        holding.expiry = context.expiries.set(effect.at, () =>
          this.run(holding, { type: 'expired' }),
        );
        break;
      case 'retire':
        this.retire(holding);
        break;
      case 'forget':
        this.held.delete(holding);
        this.records.settle(holding);
        if (holding.expiry !== undefined) {
          context.expiries.cancel(holding.expiry);
        }
        break;
      case 'answer':
        call.answer(effect.result);
        break;
      case 'refuse':
        call.refuse(errorOf(effect.why));
        break;
      case 'cancelled':
        holding.cancellation?.resolve();
        holding.cancellation = undefined;
        break;
      case 'notCancelled':
        holding.cancellation?.reject(errorOf(effect.why));
        holding.cancellation = undefined;
        break;
      case 'tell':
        context.notices.tell(client, effect.what, token);
        break;
    }
  }

  /**
   * Ends earlier claims of this node. The last claim gets the token, in
   * whatever order the broker's answers come.
   */
  private supersede(holding: Holding): void {
    let { older } = holding;
    while (older !== undefined) {
      const before: Holding = older;
      older = before.older;
      const bySelf = before.client === holding.client;
      this.run(before, { type: 'superseded', bySelf });
    }
  }

  private retire({ wish, client }: Holding): void {
    const { replaces } = wish;
    const old =
      replaces === undefined ? undefined : this.held.find(replaces, client);
    if (old !== undefined) this.run(old, { type: 'replaced' });
  }

  private register(holding: Holding, position: Position): void {
    const { engine, beacon } = this.context;
    // A life that takes the place of another one has replayed nothing.
    const subscription = (holding.subscription ??= newSubscription(holding));
    try {
      engine.register(subscription);
    } catch (error) {
      this.run(holding, { type: 'failed', at: 'register', error });
      return;
    }
    subscription.sentTo = position;
    if (subscription.resumable) beacon.follow(subscription);
    this.run(holding, { type: 'registered' });
  }
}

function newSubscription(holding: Holding): Subscription {
  const { token, client, wish, authorization } = holding;
  const isResumable = wish.mode === 'resumable';
  return new Subscription(
    token,
    client,
    isResumable,
    authorization?.items ?? [],
  );
}

function errorOf(why: Refusal): unknown {
  return 'wire' in why ? new RpcError(WireError[why.wire]) : why.cause;
}
