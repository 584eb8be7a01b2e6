import type { Asking } from './asking.js';
import type { HeldSubscriptions } from './held.js';
import type { Holding } from './holding.js';
import type { LifeContext, Report } from './life-context.js';
import type { LifeEvent } from '../life/events.js';
import { placeOf } from './place.js';
import type { TokenRecords } from './records.js';
import { earlier, later } from '../log/positions.js';

/** Asks the broker about tokens for lives, and tells the lives the answers. */
export class TokenQuestions {
  constructor(
    private readonly context: LifeContext,
    private readonly report: Report,
    private readonly held: HeldSubscriptions,
    private readonly asking: Asking,
    private readonly records: TokenRecords,
  ) {}

  claim(holding: Holding): void {
    const { context } = this;
    const { token, holder, wish } = holding;
    const identity = context.identityOf(holding.client);
    this.asking.put(
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
      // A token that renews, and has not taken a place: nobody checked its
      // client's right to the rows.
      return renewal && replaced === undefined
        ? { ...claimed, fit: 'none' }
        : claimed;
    }
    if (placeOf(holding, this.held) !== undefined) {
      return { ...claimed, fit: 'place' };
    }
    // The token took this place before, but the answer did not arrive.
    if (replaced === replaces) return claimed;
    return { ...claimed, fit: 'none' };
  }

  /**
   * Records under the token that it takes the place of another one, which goes
   * on until then.
   */
  place(holding: Holding): void {
    const { context } = this;
    const { compare } = context;
    const { token, holder } = holding;
    const place = placeOf(holding, this.held);
    const now = this.records.of(holding);
    if (place?.authorization === undefined || now === undefined) {
      this.report(holding, { type: 'misplaced' });
      return;
    }
    const record = {
      ...now,
      position: earlier(now.position, place.authorization.position, compare),
      replaced: place.token,
    };
    this.asking.put(
      holding,
      'place',
      () => context.store.update(token, holder, record),
      (done) => {
        if (!done) return { type: 'lost' };
        // Everything from here on happens in one turn, so no entry of the log
        // falls in between.
        const { subscription } = place;
        if (placeOf(holding, this.held) !== place || !subscription) {
          return { type: 'misplaced' };
        }
        if (this.records.of(holding)?.heldBy !== record.heldBy) {
          this.place(holding);
          return undefined;
        }
        holding.authorization = record;
        const { position } = context.changes.reader;
        const from = subscription.sentTo ?? record.position;
        return { type: 'placed', position: later(from, position, compare) };
      },
    );
  }

  /** Asks whether the life still holds the token. */
  ask(holding: Holding): void {
    const { store, identityOf } = this.context;
    const { token, holder, client } = holding;
    this.asking.put(
      holding,
      'ask',
      () => store.isHeldBy(token, holder, identityOf(client)),
      (answer) => {
        if (answer === 'kept') holding.isDoubted = false;
        // An earlier connection of this node may have asked first and got the
        // token, which was free. Then the client has not moved there, and must
        // be told.
        return holding.isDoubted && answer === 'lost'
          ? { type: 'forgotten' }
          : { type: answer };
      },
    );
  }

  announce(holding: Holding): void {
    const { token, holder } = holding;
    this.asking.put(
      holding,
      'announce',
      () => this.context.store.announce(token, holder),
      () => ({ type: 'announced' }),
    );
  }

  release(holding: Holding): void {
    const { token, holder, authorization, record } = holding;
    this.asking.put(
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
    this.asking.put(
      holding,
      'remove',
      () => this.context.store.removeHeld(token, holder),
      (was) => ({ type: 'removed', was }),
    );
  }
}
