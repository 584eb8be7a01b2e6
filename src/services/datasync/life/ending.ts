import type { Effect, Notice, Refusal } from './effects.js';
import type { LifeEvent } from './events.js';
import type { Debt, Fate, Life } from './states.js';
import type { Mode } from '../tokens/authorization.js';

/** The next state of a life, and what is to be done. */
export interface Step {
  readonly life: Life;
  readonly effects: readonly Effect[];
}

/** A life in one of some states. */
export type Of<State extends Life['state']> = Life & { readonly state: State };
export type Acquiring = Of<
  'announcing' | 'checking' | 'placing' | 'replaying' | 'registering'
>;
/** A life that has the token. */
export type Holds = Acquiring | Of<'live'>;

export const NOTHING: readonly Effect[] = [];
export const NO_SUCH: Refusal = { wire: 'noSuchSubscription' };

export function stay(life: Life, effects: readonly Effect[] = NOTHING): Step {
  return { life, effects };
}

export function end(mode: Mode, fate: Fate, effects: readonly Effect[]): Step {
  return { life: { state: 'over', mode, fate }, effects };
}

/** Ends a life. Nobody waits until its token has been given back or removed. */
export function gone(
  life: Holds,
  fate: Fate,
  ...say: readonly (Effect | Notice)[]
): Step {
  const mode = life.state === 'live' ? life.mode : life.wish.mode;
  return end(mode, fate, [
    ...stop(life),
    { do: 'forget' },
    ...giveBack(mode, fate),
    ...say.map((what): Effect => {
      return typeof what === 'string' ? { do: 'tell', what } : what;
    }),
  ]);
}

export function cancel(life: Holds, first: readonly Effect[] = NOTHING): Step {
  const mode = life.state === 'live' ? life.mode : life.wish.mode;
  if (mode === 'once') {
    return end(mode, 'removed', [
      ...stop(life),
      { do: 'forget' },
      ...first,
      { do: 'cancelled' },
    ]);
  }
  return remove(life, { to: 'cancellation' }, first);
}

/** Ends a life, with somebody who waits until its token is removed. */
export function remove(
  life: Holds,
  debt: Debt,
  first: readonly Effect[] = NOTHING,
): Step {
  return {
    life: { state: 'removing', debt },
    effects: [...stop(life), { do: 'forget' }, ...first, { do: 'remove' }],
  };
}

export function stop(life: Holds): readonly Effect[] {
  switch (life.state) {
    case 'checking':
    case 'replaying':
      return [{ do: 'halt' }];
    case 'live':
      return [{ do: 'unregister' }];
    default:
      return NOTHING;
  }
}

/**
 * Gives back a token that was claimed in vain. Announces it to the connection
 * that had the token before, so that this connection asks for it again.
 * Otherwise it would go on as if it still had the token.
 */
export function abandon(mode: Mode, fate: Fate): readonly Effect[] {
  if (mode === 'once') return NOTHING;
  return [...letGo(mode, fate), { do: 'announce' }];
}

/**
 * Gives back a token that this life got although it is over. Nobody else would
 * give the token back, and it would never expire. A connection that has taken
 * it over by now keeps it.
 */
function letGo(mode: Mode, fate: Fate): readonly Effect[] {
  return giveBack(mode, fate === 'removed' ? 'removed' : 'released');
}

/**
 * Releases or removes a token at its end. Nothing is to be done for a token
 * that was acquired for good (it is removed already) or that somebody else has.
 */
function giveBack(mode: Mode, fate: Fate): readonly Effect[] {
  if (mode === 'once' || fate === 'elsewhere') return NOTHING;
  return [{ do: fate === 'released' ? 'release' : 'remove' }];
}

export function leaving(life: Of<'leaving'>, event: LifeEvent): Step {
  const { mode, fate, debt } = life;
  switch (event.type) {
    case 'claimed':
      if (mode === 'resumable' && debt !== undefined) {
        return {
          life: { state: 'removing', debt },
          effects: [{ do: 'remove' }, { do: 'announce' }],
        };
      }
      // A token that was acquired for good is removed already.
      return end(mode, fate, [...abandon(mode, fate), ...pay(debt, true)]);
    case 'refused':
      return end(mode, 'elsewhere', pay(debt, false));
    case 'failed':
      if (event.at !== 'claim') return stay(life);
      return end(mode, fate, [
        ...abandon(mode, fate),
        ...pay(debt, { cause: event.error }),
      ]);
    case 'cancel':
      return stay(life, [{ do: 'notCancelled', why: NO_SUCH }]);
    default:
      return stay(life);
  }
}

export function removing(life: Of<'removing'>, event: LifeEvent): Step {
  const { debt } = life;
  switch (event.type) {
    case 'removed':
      return end('resumable', 'removed', pay(debt, event.was));
    case 'failed':
      if (event.at !== 'remove') {
        return stay(life, failedAfter(event, 'removed'));
      }
      return end('resumable', 'removed', [
        ...pay(debt, { cause: event.error }),
        { do: 'later', what: 'remove' },
      ]);
    case 'due':
      return event.what === 'announce'
        ? stay(life, [{ do: 'announce' }])
        : stay(life);
    case 'claimed':
    case 'kept':
      // The broker may have answered a question about the token that came after
      // the removal: the token is held again, so it is removed again.
      return stay(life, [{ do: 'remove' }]);
    case 'registered':
      return stay(life, [{ do: 'unregister' }]);
    case 'cancel':
      return stay(life, [{ do: 'notCancelled', why: NO_SUCH }]);
    default:
      return stay(life);
  }
}

/** Tells the one who waits for the removal how it went. */
function pay(
  debt: Debt | undefined,
  removal: boolean | { readonly cause: unknown },
): readonly Effect[] {
  if (debt === undefined) return NOTHING;
  if (debt.to === 'acquisition') return [debt.with];
  if (removal === true) return [{ do: 'cancelled' }];
  return [{ do: 'notCancelled', why: removal || NO_SUCH }];
}

export function over(life: Of<'over'>, event: LifeEvent): Step {
  const { mode, fate } = life;
  switch (event.type) {
    case 'cancel':
      return stay(life, [{ do: 'notCancelled', why: NO_SUCH }]);
    case 'registered':
      return stay(life, [{ do: 'unregister' }]);
    case 'claimed':
    case 'kept':
      return stay(life, letGo(mode, fate));
    case 'failed':
      return mode === 'once'
        ? stay(life)
        : stay(life, failedAfter(event, fate));
    case 'due':
      return mode === 'once' || event.what === 'ask' || event.what === 'record'
        ? stay(life)
        : stay(life, [{ do: event.what }]);
    default:
      return stay(life);
  }
}

/** What is tried again, or made up for, although the life is over. */
function failedAfter(
  { at }: LifeEvent & { readonly type: 'failed' },
  fate: Fate,
): readonly Effect[] {
  switch (at) {
    case 'ask':
      // The broker may have given the token to this life all the same.
      return letGo('resumable', fate);
    case 'announce':
    case 'release':
    case 'remove':
      return [{ do: 'later', what: at }];
    default:
      return NOTHING;
  }
}
