import type { Authorization, Mode } from '../tokens/authorization.js';
import { check } from './acquiring.js';
import type { Effect } from './effects.js';
import { abandon, end, NO_SUCH, stay, type Of, type Step } from './ending.js';
import type { Fit, LifeEvent } from './events.js';
import type { Debt, Fate } from './states.js';

export function claiming(life: Of<'claiming'>, event: LifeEvent): Step {
  const { wish } = life;
  switch (event.type) {
    case 'claimed':
      return claimed(life, event.authorization, event.fit);
    case 'refused': {
      const mismatch: Effect[] =
        event.reason === 'binding' ? [{ do: 'tell', what: 'mismatch' }] : [];
      return end(wish.mode, 'elsewhere', [
        { do: 'forget' },
        ...mismatch,
        { do: 'refuse', why: NO_SUCH },
      ]);
    }
    case 'failed':
      if (event.at !== 'claim') return stay(life);
      // The claim may have been carried out all the same.
      return end(wish.mode, 'released', [
        { do: 'forget' },
        ...abandon(wish.mode, 'released'),
        { do: 'refuse', why: { cause: event.error } },
      ]);
    case 'taken':
      return stay({ ...life, doubted: true });
    case 'identityChanged':
      return stay({ ...life, foreign: true });
    case 'superseded':
      return leave(wish.mode, 'elsewhere', undefined);
    case 'cancel':
      return leave(wish.mode, 'removed', { to: 'cancellation' });
    case 'disconnect':
      return leave(wish.mode, 'released', undefined);
    default:
      return stay(life);
  }
}

/** Ends the life at once, although the broker has yet to answer. */
function leave(mode: Mode, fate: Fate, debt: Debt | undefined): Step {
  return {
    life: { state: 'leaving', mode, fate, debt },
    effects: [{ do: 'forget' }, { do: 'refuse', why: NO_SUCH }],
  };
}

function claimed(
  life: Of<'claiming'>,
  authorization: Authorization,
  fit: Fit | undefined,
): Step {
  const { doubted, foreign } = life;
  const { mode, since } = life.wish;
  const isOver =
    fit === 'spent' ||
    fit === 'unreadable' ||
    (foreign && authorization.binding !== undefined);
  if (isOver || fit === 'none' || (fit === 'place' && doubted)) {
    const fate = isOver ? 'removed' : 'released';
    return end(mode, fate, [
      { do: 'forget' },
      ...abandon(mode, fate),
      { do: 'refuse', why: NO_SUCH },
    ]);
  }
  // If the token took this place before, the acquisition is an ordinary
  // resumption.
  const wish = fit === 'place' ? life.wish : { mode, since };
  const { expiresAt } = authorization;
  const expiry: Effect[] =
    expiresAt === undefined ? [] : [{ do: 'expire', at: expiresAt }];
  if (wish.mode === 'once') return check({ wish, authorization }, expiry);
  const effects: Effect[] = [
    ...expiry,
    { do: 'supersede' },
    { do: 'announce' },
  ];
  if (doubted) effects.push({ do: 'ask' });
  return { life: { state: 'announcing', wish, authorization }, effects };
}
