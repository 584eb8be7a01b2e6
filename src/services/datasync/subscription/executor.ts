import type { AlarmClock } from '../../../broker/alarm-clock.js';
import type { MaybePromise, Position, Replay } from '../../../broker/ports.js';
import type { Client } from '../../../core/client.js';
import { isPromiseLike } from '../../../core/promise-like.js';
import { RpcError } from '../../../core/rpc-error.js';
import { WireError } from '../../../protocol/errors.js';
import type { DataSyncEngine } from '../datasync.engine.js';
import type { DeltaOutput } from '../delta-output.js';
import { readEntry } from '../log-entry.js';
import type { LogReader } from '../log-reader.js';
import { CatchUp } from './catch-up.js';
import type { HeldSubscriptions } from './held.js';
import type { Holding } from './holding.js';
import { next } from './life.js';
import type { Effect, LifeEvent, Question, Refusal } from './life-states.js';
import type { Notices } from './notices.js';
import type { PositionBeacon } from './position-beacon.js';
import type { ReplaySchedule } from './replay-schedule.js';
import type { Retries } from './retries.js';
import type { SubscriptionStore } from './store.js';
import { Subscription } from './subscription.js';

/** What lives are carried out with. */
export interface LifeContext {
  readonly store: SubscriptionStore;
  readonly engine: DataSyncEngine;
  readonly reader: LogReader;
  readonly output: DeltaOutput;
  readonly beacon: PositionBeacon;
  readonly notices: Notices;
  readonly schedule: ReplaySchedule;
  /** When what expires does. */
  readonly expiries: AlarmClock;
  readonly retries: Retries;
  replay(since: Position, limit: number): MaybePromise<Replay>;
  compare(left: Position, right: Position): number | undefined;
  /** The key of a client's identity; undefined while it is nobody. */
  identityOf(client: Client): string | undefined;
  /** A client has come with a token. */
  arrived(token: string): void;
  /** A client has come with a token that is for somebody else. */
  mismatched(): void;
  /** A token came too late for the log. */
  uncovered(): void;
  /** Something failed that nobody waits for. */
  failed(error: unknown): void;
}

/** Congested is who has this much waiting, in bytes: a part of its bound. */
const CONGESTED = 256 * 1024;

/**
 * Does what lives say (see `life.ts`), and tells them what came of it. What
 * happens while something is being done has its turn after that, so that no
 * answer at hand comes in the middle, and no stack grows.
 */
export class LifeExecutor {
  constructor(
    private readonly context: LifeContext,
    private readonly held: HeldSubscriptions,
  ) {}

  /** @param effects What a life begins with. */
  start(holding: Holding, effects: readonly Effect[]): void {
    this.held.add(holding);
    holding.isRunning = true;
    for (const effect of effects) this.perform(holding, effect);
    holding.isRunning = false;
    this.work(holding);
  }

  /** Something has happened to a subscription. Never throws. */
  run(holding: Holding, event: LifeEvent): void {
    holding.events.push(event);
    this.work(holding);
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
    const { store } = context;
    const { token, holder, client, call } = holding;
    switch (effect.do) {
      case 'claim':
        this.claim(holding);
        break;
      case 'ask':
        this.ask(
          holding,
          'ask',
          () => store.isHeldBy(token, holder, context.identityOf(client)),
          (still) => ({ type: still ? 'kept' : 'lost' }),
        );
        break;
      case 'announce':
        this.ask(
          holding,
          'announce',
          () => store.announce(token, holder),
          () => ({ type: 'announced' }),
        );
        break;
      case 'release':
        this.ask(
          holding,
          'release',
          () => store.release(token, holder, holding.authorization),
          () => ({ type: 'released' }),
        );
        break;
      case 'remove':
        this.ask(
          holding,
          'remove',
          () => store.removeHeld(token, holder),
          (was) => ({ type: 'removed', was }),
        );
        break;
      case 'later':
        context.retries.later(++holding.attempts, () =>
          this.run(holding, { type: 'due', what: effect.what }),
        );
        break;
      case 'supersede':
        this.supersede(holding);
        break;
      case 'replay':
        this.replay(holding, effect);
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
      case 'forget':
        this.held.delete(holding);
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

  /** Asks the broker, and feeds its answer back: at once where it is at hand. */
  private ask<Answer>(
    holding: Holding,
    question: Question,
    act: () => MaybePromise<Answer>,
    eventOf: (answer: Answer) => LifeEvent,
  ): void {
    const failed = (error: unknown): void => {
      if (NOBODY_WAITS.has(question)) this.context.failed(error);
      this.run(holding, { type: 'failed', at: question, error });
    };
    let answer: MaybePromise<Answer>;
    try {
      answer = act();
    } catch (error) {
      failed(error);
      return;
    }
    if (isPromiseLike(answer)) {
      answer.then((late) => this.run(holding, eventOf(late)), failed);
    } else {
      this.run(holding, eventOf(answer));
    }
  }

  private claim(holding: Holding): void {
    const { context } = this;
    const { token, holder, client, wish } = holding;
    const identity = context.identityOf(client);
    this.ask(
      holding,
      'claim',
      () => context.store.claim(token, { holder, mode: wish.mode, identity }),
      (answer) => {
        if (answer.type === 'claimed') {
          holding.authorization = answer.authorization;
          context.arrived(token);
        } else if (answer.reason === 'binding') context.mismatched();
        return answer;
      },
    );
  }

  /** Whoever claimed last is to have it, whichever answer comes first. */
  private supersede(holding: Holding): void {
    let { older } = holding;
    while (older !== undefined) {
      const before: Holding = older;
      older = before.older;
      const bySelf = before.client === holding.client;
      this.run(before, { type: 'superseded', bySelf });
    }
  }

  private replay(
    holding: Holding,
    { authorization, since }: Effect & { readonly do: 'replay' },
  ): void {
    const { context } = this;
    const { client, token, wish } = holding;
    const { items, position } = authorization;
    const subscription = new Subscription(
      token,
      client,
      wish.mode === 'resumable',
      items,
    );
    holding.subscription = subscription;
    // Nobody was authorized for what came before.
    const from =
      since === undefined || (context.compare(since, position) ?? 0) < 0
        ? position
        : since;
    const end = (event: LifeEvent): void => {
      holding.catchUp = undefined;
      this.run(holding, event);
    };
    holding.catchUp = new CatchUp(
      context,
      {
        get congested() {
          return client.waiting > CONGESTED;
        },
        whenDrained: (act) => client.whenDrained(act),
        send: (entry) => {
          const said = readEntry(entry);
          if (said.kind === 'deltas') {
            context.output.missed(subscription, said.deltas, entry.position);
            return true;
          }
          if (!context.engine.concerns(items, new Set(said.models)))
            return true;
          end({ type: 'uncovered' });
          return false;
        },
        caughtUp: (to) => end({ type: 'caughtUp', position: to }),
        uncovered: () => {
          context.uncovered();
          end({ type: 'uncovered' });
        },
        failed: (error) => end({ type: 'failed', at: 'replay', error }),
      },
      from,
    );
    holding.catchUp.start();
  }

  private register(holding: Holding, position: Position): void {
    const { engine, beacon } = this.context;
    const { subscription } = holding;
    if (subscription === undefined) return;
    try {
      engine.register(subscription);
    } catch (error) {
      this.run(holding, { type: 'failed', at: 'register', error });
      return;
    }
    subscription.sentTo = position;
    if (subscription.resumable) beacon.told(subscription);
    this.run(holding, { type: 'registered' });
  }
}

/** Others fail a call, whose error is told there. */
const NOBODY_WAITS: ReadonlySet<Question> = new Set([
  'ask',
  'release',
  'remove',
]);

function errorOf(why: Refusal): unknown {
  return 'wire' in why ? new RpcError(WireError[why.wire]) : why.cause;
}
