import { begin, next } from '../../src/services/datasync/life/life.js';
import type { Effect } from '../../src/services/datasync/life/effects.js';
import type { LifeEvent } from '../../src/services/datasync/life/events.js';
import type { Life } from '../../src/services/datasync/life/states.js';
import type { Mode } from '../../src/services/datasync/tokens/authorization.js';

const authorization = {
  items: [],
  position: 0,
  revocations: 0,
  binding: '"ann"',
};

/** One life for each state that the page of the protocol has, in order. */
function livesOf(mode: Mode): readonly Life[] {
  const wish = { mode, since: undefined };
  const claimed: LifeEvent = { type: 'claimed', authorization };
  const announced: LifeEvent = { type: 'announced' };
  const cleared: LifeEvent = { type: 'cleared' };
  const caughtUp: LifeEvent = { type: 'caughtUp', position: 0 };
  const registered: LifeEvent = { type: 'registered' };
  const path =
    mode === 'once'
      ? [claimed, cleared, caughtUp, registered]
      : [claimed, announced, cleared, caughtUp, registered];
  const lives = [begin(wish).life];
  for (const event of path) {
    lives.push(next(lives.at(-1) as Life, event).life);
  }
  if (mode === 'resumable') {
    const placing: Life = {
      state: 'placing',
      wish: { ...wish, replaces: 'x' },
      authorization,
    };
    lives.splice(3, 0, placing);
  }
  lives.push({ state: 'removing', debt: { to: 'cancellation' } });
  lives.push({ state: 'over', mode, fate: 'removed' });
  // `registering` is over at once. In mode once, the token is removed already.
  return lives.filter(
    ({ state }) =>
      state !== 'registering' && (mode !== 'once' || state !== 'removing'),
  );
}

const EVENTS: readonly (readonly [name: string, event: LifeEvent])[] = [
  ['claimed', { type: 'claimed', authorization }],
  ['unknown', { type: 'refused', reason: 'unknown' }],
  ['held', { type: 'refused', reason: 'held' }],
  ['mismatch', { type: 'refused', reason: 'binding' }],
  ['announced', { type: 'announced' }],
  ['cleared', { type: 'cleared' }],
  ['placed', { type: 'placed', position: 0 }],
  ['misplaced', { type: 'misplaced' }],
  ['caughtUp', { type: 'caughtUp', position: 0 }],
  ['uncovered', { type: 'uncovered' }],
  ['cancel', { type: 'cancel' }],
  ['disconnect', { type: 'disconnect' }],
  ['taken', { type: 'lost' }],
  ['forgotten', { type: 'forgotten' }],
  ['replaced', { type: 'replaced' }],
  ['identity', { type: 'identityChanged' }],
  ['revoked', { type: 'revoked' }],
  ['expired', { type: 'expired' }],
  ['invalidated', { type: 'invalidated' }],
  ['gap', { type: 'gap' }],
  ['removed', { type: 'removed', was: true }],
  ['failed', { type: 'failed', at: 'claim', error: undefined }],
  ['failed', { type: 'failed', at: 'announce', error: undefined }],
  ['failed', { type: 'failed', at: 'check', error: undefined }],
  ['failed', { type: 'failed', at: 'place', error: undefined }],
  ['failed', { type: 'failed', at: 'replay', error: undefined }],
  ['failed', { type: 'failed', at: 'remove', error: undefined }],
];

const TEXTS = {
  noSuchSubscription: '`No such subscription`',
  subscriptionExpired: '`Subscription expired`',
} as const;

/** What the client gets by an effect. */
function heard(effect: Effect): string | undefined {
  switch (effect.do) {
    case 'answer':
      return effect.result === null
        ? 'the result'
        : `the result, \`recovered: ${effect.result.recovered}\``;
    case 'refuse':
    case 'notCancelled':
      return 'wire' in effect.why
        ? TEXTS[effect.why.wire as keyof typeof TEXTS]
        : '`Internal error`';
    case 'cancelled':
      return 'the result of the cancellation';
    case 'tell':
      return `\`${effect.what}\``;
    default:
      return undefined;
  }
}

/** What happens to the token. */
function token(life: Life, mode: Mode): string {
  switch (life.state) {
    case 'leaving':
    case 'over':
      if (life.fate === 'elsewhere') return 'as it was';
      return mode === 'resumable' && life.fate === 'released'
        ? 'waits'
        : 'gone';
    case 'removing':
      return 'gone';
    default:
      return mode === 'once' ? 'gone' : 'held';
  }
}

export const LIFE_EVENTS = [...new Set(EVENTS.map(([name]) => name))];

export type LifeRow = readonly [
  state: string,
  event: string,
  then: string,
  heard: string,
  token: string,
];

/** All transitions that change anything, as rows of the page's table. */
export function lifeTable(mode: Mode): readonly LifeRow[] {
  const rows: LifeRow[] = [];
  for (const life of livesOf(mode)) {
    for (const [name, event] of EVENTS) {
      let step = next(life, event);
      let { effects } = step;
      if (step.life.state === 'registering') {
        // That takes no time.
        step = next(step.life, { type: 'registered' });
        effects = [...effects, ...step.effects];
      }
      const said = effects.map(heard).filter((text) => text !== undefined);
      if (step.life === life && said.length === 0) continue;
      rows.push([
        `\`${life.state}\``,
        `\`${name}\``,
        `\`${step.life.state}\``,
        said.length === 0 ? '-' : said.join(', then '),
        step.life.state === 'claiming' ? 'as it was' : token(step.life, mode),
      ]);
    }
  }
  return rows;
}
