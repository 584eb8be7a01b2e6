import type { LifeEvent } from './events.js';
import {
  cancel,
  gone,
  stay,
  type Holds,
  type Of,
  type Step,
} from './ending.js';

export function live(life: Of<'live'>, event: LifeEvent): Step {
  const { mode } = life;
  switch (event.type) {
    case 'lost':
      return mode === 'once' ? stay(life) : gone(life, 'elsewhere', 'taken');
    case 'forgotten':
      // The client still has the token, as far as it knows, and would wait in
      // vain.
      return mode === 'once' ? stay(life) : gone(life, 'removed', 'refetch');
    case 'superseded':
      if (mode === 'once') return stay(life);
      return event.bySelf
        ? gone(life, 'elsewhere')
        : gone(life, 'elsewhere', 'taken');
    case 'disconnect':
      return gone(life, mode === 'once' ? 'removed' : 'released');
    case 'revoked':
    case 'expired':
      return gone(life, 'removed', 'revoked');
    case 'invalidated':
    case 'gap':
      return gone(life, 'removed', 'refetch');
    case 'identityChanged':
      return life.authorization.binding === undefined
        ? doubts(life, event)
        : gone(life, 'removed', 'identity');
    case 'replaced':
      return mode === 'once' ? stay(life) : gone(life, 'removed');
    case 'cancel':
      return cancel(life);
    default:
      return doubts(life, event);
  }
}

/**
 * Finds out whether this life still holds the token, and records for which
 * identity. Tries again if either fails.
 */
export function doubts(life: Holds, event: LifeEvent): Step {
  const mode = life.state === 'live' ? life.mode : life.wish.mode;
  if (mode === 'once') return stay(life);
  switch (event.type) {
    case 'taken':
      return stay(life, [{ do: 'ask' }]);
    case 'identityChanged':
      return record(life);
    case 'kept':
      // Another connection may have held the token for a while before the
      // broker was asked, and its identity was recorded then.
      return record(life);
    case 'failed':
      return event.at === 'ask' || event.at === 'record'
        ? stay(life, [{ do: 'later', what: event.at }])
        : stay(life);
    case 'due':
      if (event.what === 'record') return record(life);
      return event.what === 'ask' ? stay(life, [{ do: 'ask' }]) : stay(life);
    default:
      return stay(life);
  }
}

/**
 * Records the identity that has a bearer token, once it is known not to be
 * revoked.
 */
function record(life: Holds): Step {
  return life.authorization.binding !== undefined ||
    life.state === 'announcing' ||
    life.state === 'checking' ||
    life.state === 'placing'
    ? stay(life)
    : stay(life, [{ do: 'record' }]);
}
