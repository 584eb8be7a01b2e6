import type { Position } from '../../../broker/ports/log.js';
import type { MaybePromise } from '../../../protocol/maybe-promise.js';
import { isPromiseLike } from '../../../core/promise-like.js';
import type { HeldSubscriptions } from './held.js';
import type { Holding } from './holding.js';
import type { LifeContext, Report } from './life-context.js';
import type { LifeEvent, Question } from '../life/events.js';
import type { Authorization } from '../tokens/authorization.js';
import { placeOf } from './place.js';
import { earlier, later } from '../log/positions.js';

/** Others fail a call, whose error is told there. */
const NOBODY_WAITS: ReadonlySet<Question> = new Set([
  'ask',
  'record',
  'release',
  'remove',
]);

/** What lives ask of the broker about tokens, and what it says to them. */
export class TokenQuestions {
  constructor(
    private readonly context: LifeContext,
    private readonly report: Report,
    private readonly held: HeldSubscriptions,
  ) {}

  claim(holding: Holding): void {
    const { context } = this;
    const { token, holder, wish } = holding;
    const identity = context.identityOf(holding.client);
    this.put(
      holding,
      'claim',
      () => context.store.claim(token, { holder, mode: wish.mode, identity }),
      (answer) => {
        if (answer.type === 'claimed') {
          holding.authorization = answer.authorization;
          context.arrived(token);
          if (answer.fit === 'unreadable') context.unreadable();
          return this.fitted(holding, answer);
        }
        if (answer.reason === 'binding') context.mismatched();
        return answer;
      },
    );
  }

  private fitted(
    holding: Holding,
    claimed: LifeEvent & { readonly type: 'claimed' },
  ): LifeEvent {
    const { replaces } = holding.wish;
    const { replaced, renewal } = claimed.authorization;
    if (claimed.fit !== undefined) return claimed;
    if (replaces === undefined) {
      // Its rows were not asked for: who has had none could not be refused them.
      return renewal && replaced === undefined
        ? { ...claimed, fit: 'none' }
        : claimed;
    }
    if (placeOf(holding, this.held) !== undefined) {
      return { ...claimed, fit: 'place' };
    }
    // That it took its place was not answered, or not heard.
    if (replaced === replaces) return claimed;
    return { ...claimed, fit: 'none' };
  }

  /**
   * Writes down that it goes on at the place of another one. Until then, that one
   * goes on itself.
   */
  place(holding: Holding): void {
    const { context } = this;
    const { compare } = context;
    const { token, holder } = holding;
    const place = placeOf(holding, this.held);
    const now = this.recordOf(holding);
    if (place?.authorization === undefined || now === undefined) {
      this.report(holding, { type: 'misplaced' });
      return;
    }
    const record = {
      ...now,
      position: earlier(now.position, place.authorization.position, compare),
      replaced: place.token,
    };
    this.put(
      holding,
      'place',
      () => context.store.update(token, holder, record),
      (done) => {
        if (!done) return { type: 'lost' };
        // The rest happens in one turn: nothing of the log falls in between.
        const { subscription } = place;
        if (placeOf(holding, this.held) !== place || !subscription) {
          return { type: 'misplaced' };
        }
        if (this.recordOf(holding)?.heldBy !== record.heldBy) {
          this.place(holding);
          return undefined;
        }
        holding.authorization = record;
        const { position } = context.deltas.reader;
        const from = subscription.sentTo ?? record.position;
        return { type: 'placed', position: later(from, position, compare) };
      },
    );
  }

  /** Whether it is held still. */
  ask(holding: Holding): void {
    const { store, identityOf } = this.context;
    const { token, holder, client } = holding;
    this.put(
      holding,
      'ask',
      () => store.isHeldBy(token, holder, identityOf(client)),
      (answer) => {
        if (answer === 'kept') holding.isDoubted = false;
        // An earlier connection may have asked first for what was free: then this
        // client has not moved there, and has to hear of it.
        return holding.isDoubted && answer === 'lost'
          ? { type: 'forgotten' }
          : { type: answer };
      },
    );
  }

  announce(holding: Holding): void {
    const { token, holder } = holding;
    this.put(
      holding,
      'announce',
      () => this.context.store.announce(token, holder),
      () => ({ type: 'announced' }),
    );
  }

  /**
   * It has not been revoked up to there. Whose connection has it now is written
   * down then, and never before: who had it last is what earlier revocations are
   * compared with, also if this node dies here.
   */
  cleared(holding: Holding, position: Position): void {
    const { context } = this;
    const { token, holder, authorization, client } = holding;
    if (authorization === undefined) return;
    const heldBy = bearerOf(authorization, context.identityOf(client));
    if (holding.wish.mode === 'once' || heldBy === authorization.heldBy) {
      holding.clearedTo = position;
      this.report(holding, { type: 'cleared' });
      return;
    }
    const record = recordOf(authorization, position, heldBy);
    this.put(
      holding,
      'check',
      () => context.store.update(token, holder, record),
      (done) => {
        if (!done) return { type: 'lost' };
        holding.authorization = record;
        // The client may be somebody else by now.
        this.cleared(holding, position);
        return undefined;
      },
    );
  }

  /** Its connection is somebody else's than the token says. */
  record(holding: Holding): void {
    const { token, holder } = holding;
    const record = this.recordOf(holding);
    if (record === undefined) return;
    this.put(
      holding,
      'record',
      () => this.context.store.update(token, holder, record),
      (done) => {
        // Free, perhaps, for this node's hold has ended: that can be asked.
        if (!done) return { type: 'taken' };
        holding.authorization = record;
        return undefined;
      },
    );
  }

  /**
   * It ends here: nobody tells it of revocations from now on. What its token is
   * to say is what is so now, also if it is said late.
   */
  settle(holding: Holding): void {
    holding.record = this.recordOf(holding);
  }

  release(holding: Holding): void {
    const { token, holder, authorization, record } = holding;
    this.put(
      holding,
      'release',
      () =>
        this.context.store.release(
          token,
          holder,
          authorization?.expiresAt,
          record,
        ),
      () => ({ type: 'released' }),
    );
  }

  remove(holding: Holding): void {
    const { token, holder } = holding;
    this.put(
      holding,
      'remove',
      () => this.context.store.removeHeld(token, holder),
      (was) => ({ type: 'removed', was }),
    );
  }

  /** What the token is to say from now on; nothing new before it was cleared. */
  private recordOf(holding: Holding): Authorization | undefined {
    const { context } = this;
    const { authorization, clearedTo, client } = holding;
    if (authorization === undefined || clearedTo === undefined) return;
    const { heard } = context.revocations;
    const position = later(clearedTo, heard, context.compare);
    const heldBy = bearerOf(authorization, context.identityOf(client));
    return recordOf(authorization, position, heldBy);
  }

  /** Asks, and reports the answer: at once where it is at hand. */
  private put<Answer>(
    holding: Holding,
    question: Question,
    act: () => MaybePromise<Answer>,
    eventOf: (answer: Answer) => LifeEvent | undefined,
  ): void {
    const answered = (answer: Answer): void => {
      const event = eventOf(answer);
      if (event !== undefined) this.report(holding, event);
    };
    const failed = (error: unknown): void => {
      if (NOBODY_WAITS.has(question)) this.context.failed(error);
      this.report(holding, { type: 'failed', at: question, error });
    };
    let answer: MaybePromise<Answer>;
    try {
      answer = act();
    } catch (error) {
      failed(error);
      return;
    }
    if (isPromiseLike(answer)) {
      answer.then(answered, failed);
    } else {
      answered(answer);
    }
  }
}

/** Whose connection has it, of a token that is for whoever has it. */
function bearerOf(
  { binding }: Authorization,
  identity: string | undefined,
): string | undefined {
  return binding === undefined ? identity : undefined;
}

function recordOf(
  authorization: Authorization,
  revocations: Position,
  heldBy: string | undefined,
): Authorization {
  const { heldBy: _, ...rest } = authorization;
  return {
    ...rest,
    revocations,
    ...(heldBy === undefined ? {} : { heldBy }),
  };
}
