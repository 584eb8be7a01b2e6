import type {
  Authorization,
  Debt,
  Effect,
  Fate,
  Fit,
  LifeEvent,
  Mode,
  Refusal,
} from './life-states.js';
import {
  abandon,
  cancel,
  end,
  gone,
  NO_SUCH,
  NOTHING,
  remove,
  stay,
  stop,
  type Acquiring,
  type Of,
  type Step,
} from './life-end.js';
import { doubts } from './life-live.js';

const EXPIRED: Refusal = { wire: 'subscriptionExpired' };

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
      // It may have been done all the same.
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

/** Ends it at once, though the broker has yet to answer. */
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
  // Where it has been at that place before, this is a resumption like others.
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

export function check(
  { wish, authorization }: Pick<Of<'announcing'>, 'wish' | 'authorization'>,
  first: readonly Effect[] = NOTHING,
): Step {
  return {
    life: { state: 'checking', wish, authorization },
    effects: [...first, { do: 'check', authorization }],
  };
}

export function checking(life: Of<'checking'>, event: LifeEvent): Step {
  const { wish, authorization } = life;
  switch (event.type) {
    case 'cleared':
      if (wish.replaces !== undefined) {
        return {
          life: { state: 'placing', wish, authorization },
          effects: [{ do: 'place' }],
        };
      }
      return {
        life: { state: 'replaying', wish, authorization },
        effects: [{ do: 'replay', authorization, since: wish.since }],
      };
    case 'uncovered':
    case 'gap':
      return uncovered(life);
    case 'failed':
      if (event.at !== 'check') return acquiring(life, event);
      return gone(life, wish.mode === 'once' ? 'removed' : 'released', {
        do: 'refuse',
        why: { cause: event.error },
      });
    default:
      return acquiring(life, event);
  }
}

export function replaying(life: Of<'replaying'>, event: LifeEvent): Step {
  const { wish, authorization } = life;
  switch (event.type) {
    case 'caughtUp':
      return {
        life: {
          state: 'registering',
          wish,
          authorization,
          position: event.position,
        },
        effects: [{ do: 'register', position: event.position }],
      };
    case 'uncovered':
    case 'gap':
      return uncovered(life);
    case 'failed':
      return event.at === 'replay'
        ? broken(life, event.error)
        : acquiring(life, event);
    default:
      return acquiring(life, event);
  }
}

/** It cannot go on from where the client is. */
function uncovered(life: Acquiring): Step {
  if (life.wish.mode === 'once') {
    return end('once', 'removed', [
      ...stop(life),
      { do: 'forget' },
      { do: 'refuse', why: EXPIRED },
    ]);
  }
  // With a place, the client has another one that goes on.
  const said: Effect =
    life.wish.replaces === undefined
      ? { do: 'answer', result: { recovered: false } }
      : { do: 'refuse', why: NO_SUCH };
  return remove(life, { to: 'acquisition', with: said });
}

/** This node failed at serving it. */
function broken(life: Acquiring, error: unknown): Step {
  const refuse: Effect = { do: 'refuse', why: { cause: error } };
  if (life.wish.mode === 'once') {
    return end('once', 'removed', [...stop(life), { do: 'forget' }, refuse]);
  }
  return remove(life, { to: 'acquisition', with: refuse });
}

export function registering(life: Of<'registering'>, event: LifeEvent): Step {
  const { wish, authorization, position } = life;
  switch (event.type) {
    case 'registered': {
      const { mode } = wish;
      const result =
        mode === 'once' ? null : ({ recovered: true, position } as const);
      return {
        life: { state: 'live', mode, authorization },
        effects:
          wish.replaces === undefined
            ? [{ do: 'answer', result }]
            : [{ do: 'retire' }, { do: 'answer', result }],
      };
    }
    case 'gap':
      return uncovered(life);
    case 'failed':
      return event.at === 'register'
        ? broken(life, event.error)
        : acquiring(life, event);
    default:
      return acquiring(life, event);
  }
}

/** What is the same until the acquisition is answered. */
export function acquiring(life: Acquiring, event: LifeEvent): Step {
  const { mode } = life.wish;
  const refused: Effect = { do: 'refuse', why: NO_SUCH };
  switch (event.type) {
    case 'failed':
      if (event.at === 'announce' && life.state === 'announcing') {
        return gone(
          life,
          'released',
          { do: 'later', what: 'announce' },
          { do: 'refuse', why: { cause: event.error } },
        );
      }
      return doubts(life, event);
    case 'forgotten':
      return mode === 'once' ? stay(life) : gone(life, 'removed', refused);
    case 'lost':
    case 'superseded':
      return mode === 'once' ? stay(life) : gone(life, 'elsewhere', refused);
    case 'taken':
      // The page was told that the new one never came to its place, and goes on with
      // the old one: the new one must not come there after all.
      return life.wish.replaces === undefined
        ? doubts(life, event)
        : gone(life, 'released', refused);
    case 'disconnect':
      return gone(life, mode === 'once' ? 'removed' : 'released', refused);
    case 'revoked':
    case 'expired':
      return gone(life, 'removed', refused);
    case 'identityChanged':
      if (life.authorization.binding !== undefined) {
        return gone(life, 'removed', refused, 'identity');
      }
      return doubts(life, event);
    case 'cancel':
      return cancel(life, [refused]);
    default:
      return doubts(life, event);
  }
}
