import {
  acquiring,
  check,
  checking,
  registering,
  replaying,
} from './acquiring.js';
import { claiming } from './claiming.js';
import { leaving, over, removing, type Step } from './ending.js';
import { live } from './live.js';
import { placing } from './placing.js';
import type { LifeEvent } from './events.js';
import type { Life, Wish } from './states.js';

export type { Step } from './ending.js';

/** Begins a life: a client has come with a token. */
export function begin(wish: Wish): Step {
  return {
    life: { state: 'claiming', wish, doubted: false, foreign: false },
    effects: [{ do: 'claim' }],
  };
}

/**
 * The life of a subscription: every event in every state, and what follows.
 * Nothing else decides. A state ignores events that do not concern it, such as
 * late or doubled answers of the broker.
 */
export function next(life: Life, event: LifeEvent): Step {
  switch (life.state) {
    case 'claiming':
      return claiming(life, event);
    case 'announcing':
      return event.type === 'announced' ? check(life) : acquiring(life, event);
    case 'checking':
      return checking(life, event);
    case 'placing':
      return placing(life, event);
    case 'replaying':
      return replaying(life, event);
    case 'registering':
      return registering(life, event);
    case 'live':
      return live(life, event);
    case 'leaving':
      return leaving(life, event);
    case 'removing':
      return removing(life, event);
    case 'over':
      return over(life, event);
  }
}
