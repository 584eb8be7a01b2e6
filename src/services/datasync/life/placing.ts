import { acquiring } from './acquiring.js';
import { gone, NO_SUCH, type Of, type Step } from './ending.js';
import type { LifeEvent } from './events.js';

/**
 * The new token is being recorded at the place of the old one, which goes on
 * until then.
 */
export function placing(life: Of<'placing'>, event: LifeEvent): Step {
  const { wish, authorization } = life;
  switch (event.type) {
    case 'placed': {
      const { position } = event;
      return {
        life: { state: 'registering', wish, authorization, position },
        effects: [{ do: 'register', position }],
      };
    }
    case 'misplaced':
      return gone(life, 'released', { do: 'refuse', why: NO_SUCH });
    case 'failed':
      if (event.at !== 'place') return acquiring(life, event);
      return gone(life, 'released', {
        do: 'refuse',
        why: { cause: event.error },
      });
    default:
      return acquiring(life, event);
  }
}
