import type { Effect, Refusal } from './effects.js';
import {
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
} from './ending.js';
import type { LifeEvent } from './events.js';
import { doubts } from './live.js';

const EXPIRED: Refusal = { wire: 'subscriptionExpired' };

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

/** The log does not reach back to the client's position. */
function uncovered(life: Acquiring): Step {
  if (life.wish.mode === 'once') {
    return end('once', 'removed', [
      ...stop(life),
      { do: 'forget' },
      { do: 'refuse', why: EXPIRED },
    ]);
  }
  // A client that asked for a place still has the old subscription, which goes
  // on.
  const said: Effect =
    life.wish.replaces === undefined
      ? { do: 'answer', result: { recovered: false } }
      : { do: 'refuse', why: NO_SUCH };
  return remove(life, { to: 'acquisition', with: said });
}

/** This node failed to serve the subscription. */
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

/** The transitions that all states before the answer have in common. */
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
      // The page was told that this token did not take the place, and goes on
      // with the old one. So this life must end without taking the place after
      // all.
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
