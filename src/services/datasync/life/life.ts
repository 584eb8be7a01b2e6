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

/** A client comes with a token. */
export function begin(wish: Wish): Step {
  return {
    life: { state: 'claiming', wish, doubted: false, foreign: false },
    effects: [{ do: 'claim' }],
  };
}

/**
 * The life of a subscription: all that can happen to it, in every state, and
 * all that follows. Nothing else decides. What does not concern a state leaves
 * it as it is: late and doubled answers of the broker among them.
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
