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
      // Its client need not have moved: it would wait for what never comes.
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
 * Whether the token is held still, and as whose: asked and written down, and
 * again where that fails.
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
      // Somebody may have had it, and let it go, before that was asked.
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

/** Only a token that is for whoever has it is recorded, once it is cleared. */
function record(life: Holds): Step {
  return life.authorization.binding !== undefined ||
    life.state === 'announcing' ||
    life.state === 'checking' ||
    life.state === 'placing'
    ? stay(life)
    : stay(life, [{ do: 'record' }]);
}
