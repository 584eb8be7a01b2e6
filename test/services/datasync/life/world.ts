import { expect } from '@jest/globals';
import {
  begin,
  next,
  type Step,
} from '../../../../src/services/datasync/life/life.js';
import type {
  Effect,
  Retried,
} from '../../../../src/services/datasync/life/effects.js';
import type {
  Fit,
  LifeEvent,
  Question,
} from '../../../../src/services/datasync/life/events.js';
import type { Life } from '../../../../src/services/datasync/life/states.js';
import type { Mode } from '../../../../src/services/datasync/tokens/authorization.js';

/** How a question to the broker goes. */
export type Luck = 'done' | 'failed' | 'failedThoughDone';

interface Token {
  holder: Actor | undefined;
}

interface Asked {
  readonly by: Actor;
  readonly question: Question;
}

interface Answered {
  readonly to: Actor;
  readonly event: LifeEvent;
}

/** One life, and what it was seen to do. */
export class Actor {
  life: Life;
  registered = false;
  replaying = false;
  forgotten = false;
  answers = 0;
  cancellations = 0;
  cancelled = 0;
  hasBeenLive = false;
  readonly due: Retried[] = [];

  constructor(
    readonly node: number,
    readonly mode: Mode,
    step: Step,
  ) {
    this.life = step.life;
  }
}

const ACTIVE = new Set<Life['state']>([
  'claiming',
  'announcing',
  'checking',
  'placing',
  'replaying',
  'live',
]);

/**
 * One token, several nodes, and a broker that answers when it is told to: late,
 * twice, or that it failed. Carries out what lives say, and checks at each step
 * what always has to be so.
 */
export class World {
  readonly actors: Actor[] = [];
  readonly asked: Asked[] = [];
  readonly answered: Answered[] = [];
  private token: Token | undefined = { holder: undefined };

  /**
   * @param fit What a place is to those who come with the wish for one.
   * @param isPlaceThere Whether it is, at the end.
   */
  constructor(
    private readonly binding: string | undefined,
    private readonly fit: Fit = 'place',
    private readonly isPlaceThere = true,
  ) {}

  get holder(): Actor | undefined {
    return this.token?.holder;
  }

  /** @param replaces Whether it is to go on at the place of another one. */
  come(node: number, mode: Mode, replaces = false): void {
    const isPlaced = replaces && mode === 'resumable';
    const place = isPlaced ? { replaces: 'other' } : {};
    const step = begin({ mode, since: undefined, ...place });
    const actor = new Actor(node, mode, step);
    this.actors.push(actor);
    this.perform(actor, step.effects);
  }

  happen(actor: Actor, event: LifeEvent): void {
    // A forgotten one is in no index: nothing of the world finds it.
    if (actor.forgotten) return;
    if (event.type === 'cancel') {
      if (actor.cancellations > 0) return;
      actor.cancellations++;
    }
    if (
      (event.type === 'caughtUp' || event.type === 'uncovered') &&
      !actor.replaying
    ) {
      return;
    }
    this.feed(actor, event);
  }

  /** The broker gets to a question of a node's, in the order of that node. */
  arrive(which: number, luck: Luck): void {
    const nodes = [...new Set(this.asked.map(({ by }) => by.node))];
    const node = nodes[which % nodes.length];
    const index = this.asked.findIndex(({ by }) => by.node === node);
    const [asked] = this.asked.splice(index, 1);
    if (asked === undefined) return;
    const { by, question } = asked;
    const answer = luck === 'failed' ? undefined : this.apply(by, question);
    // That has no answer.
    if (question === 'record' && luck === 'done' && !answer) return;
    const event: LifeEvent =
      luck === 'done' && answer !== undefined
        ? answer
        : { type: 'failed', at: question, error: new Error('Broker') };
    this.answered.push({ to: by, event });
  }

  /** An answer comes, of any that are on their way. */
  answer(which: number, twice: boolean): void {
    const index = which % this.answered.length;
    const answered = this.answered[index];
    if (answered === undefined) return;
    if (!twice) this.answered.splice(index, 1);
    this.feed(answered.to, answered.event);
  }

  retry(which: number): void {
    const waiting = this.actors.filter(({ due }) => due.length > 0);
    const actor = waiting[which % waiting.length];
    const what = actor?.due.shift();
    if (actor !== undefined && what !== undefined) {
      this.feed(actor, { type: 'due', what });
    }
  }

  /**
   * Everything that is on its way arrives.
   *
   * @param retries Whether all that failed is tried again.
   */
  settle(retries = true): void {
    for (let round = 0; round < 10_000; round++) {
      if (this.asked.length > 0) this.arrive(0, 'done');
      else if (this.answered.length > 0) this.answer(0, false);
      else if (retries && this.actors.some(({ due }) => due.length > 0))
        this.retry(0);
      else return;
    }
    throw new Error('It never comes to rest');
  }

  private apply(by: Actor, question: Question): LifeEvent | undefined {
    const { token } = this;
    switch (question) {
      case 'claim': {
        if (token === undefined) return { type: 'refused', reason: 'unknown' };
        if (by.mode === 'once' && token.holder !== undefined) {
          return { type: 'refused', reason: 'held' };
        }
        if (by.mode === 'once') this.token = undefined;
        else token.holder = by;
        const bound =
          this.binding === undefined ? {} : { binding: this.binding };
        const authorization = {
          items: [],
          position: 0,
          revocations: 0,
          ...bound,
        };
        const fit =
          by.life.state === 'claiming' && by.life.wish.replaces !== undefined
            ? { fit: this.fit }
            : {};
        return { type: 'claimed', authorization, ...fit };
      }
      case 'ask':
        if (token === undefined) return { type: 'forgotten' };
        token.holder ??= by;
        return { type: token.holder === by ? 'kept' : 'lost' };
      case 'announce':
        for (const other of this.actors) {
          if (other !== by && !other.forgotten) {
            this.answered.push({ to: other, event: { type: 'taken' } });
          }
        }
        return { type: 'announced' };
      case 'check':
        return by.mode === 'once' || token?.holder === by
          ? { type: 'cleared' }
          : { type: 'lost' };
      case 'place':
        if (token?.holder !== by) return { type: 'lost' };
        return this.isPlaceThere
          ? { type: 'placed', position: 0 }
          : { type: 'misplaced' };
      case 'record':
        return token?.holder === by ? undefined : { type: 'taken' };
      case 'release':
        if (token?.holder === by) token.holder = undefined;
        return { type: 'released' };
      case 'remove': {
        const was = token?.holder === by;
        if (was) this.token = undefined;
        return { type: 'removed', was };
      }
      default:
        return undefined;
    }
  }

  private feed(actor: Actor, event: LifeEvent): void {
    const step = next(actor.life, event);
    actor.life = step.life;
    this.perform(actor, step.effects);
    this.check(actor);
  }

  private perform(actor: Actor, effects: readonly Effect[]): void {
    for (const effect of effects) {
      switch (effect.do) {
        case 'claim':
        case 'ask':
        case 'announce':
        case 'check':
        case 'place':
        case 'record':
        case 'release':
        case 'remove':
          this.asked.push({ by: actor, question: effect.do });
          break;
        case 'later':
          actor.due.push(effect.what);
          break;
        case 'supersede':
          for (const older of this.actors) {
            if (older === actor) break;
            if (older.node === actor.node && !older.forgotten) {
              this.feed(older, { type: 'superseded', bySelf: false });
            }
          }
          break;
        case 'replay':
          expect(actor.replaying).toBe(false);
          actor.replaying = true;
          break;
        case 'halt':
          actor.replaying = false;
          break;
        case 'register':
          actor.replaying = false;
          actor.registered = true;
          this.feed(actor, { type: 'registered' });
          break;
        case 'unregister':
          actor.registered = false;
          break;
        case 'forget':
          expect(actor.forgotten).toBe(false);
          actor.forgotten = true;
          break;
        case 'answer':
        case 'refuse':
          actor.answers++;
          break;
        case 'cancelled':
        case 'notCancelled':
          actor.cancelled++;
          break;
        case 'expire':
        case 'retire':
          break;
        case 'tell':
          if (effect.what !== 'mismatch' && effect.what !== 'identity') {
            expect(actor.hasBeenLive).toBe(true);
          }
          break;
      }
    }
  }

  private check(actor: Actor): void {
    const { state } = actor.life;
    if (state === 'live') actor.hasBeenLive = true;
    if (state === 'replaying') expect(actor.registered).toBe(false);
    if (state !== 'registering')
      expect(actor.registered).toBe(state === 'live');
    if (state === 'replaying') expect(actor.answers).toBe(0);
    else if (state !== 'registering') {
      const ended = actor.life.state === 'over' || state === 'live';
      if (ended) expect(actor.answers).toBe(1);
    }
    expect(actor.answers).toBeLessThanOrEqual(1);
    expect(actor.cancelled).toBeLessThanOrEqual(actor.cancellations);
    // In the index exactly while something of the world may find it.
    if (state !== 'registering') {
      expect(actor.forgotten).toBe(!ACTIVE.has(state));
    }
  }
}
