import { begin, next } from '../../../../src/services/datasync/life/life.js';
import type { Effect } from '../../../../src/services/datasync/life/effects.js';
import type {
  Fit,
  LifeEvent,
  Question,
} from '../../../../src/services/datasync/life/events.js';
import type { Life } from '../../../../src/services/datasync/life/states.js';
import type { Authorization } from '../../../../src/services/datasync/tokens/authorization.js';

const FREE: Authorization = { items: [], position: 1, revocations: 1 };
const BOUND: Authorization = { ...FREE, binding: '"ann"', expiresAt: 1000 };
const ERROR = new Error('The broker cannot be reached');

const FITS: readonly (Fit | undefined)[] = [
  undefined,
  ...(['spent', 'unreadable', 'place', 'none'] as const),
];
const QUESTIONS: readonly Question[] = [
  ...(['claim', 'ask', 'announce', 'check', 'place'] as const),
  ...(['record', 'replay', 'register', 'release', 'remove'] as const),
];

/** All that can happen, by names. */
const EVENTS: readonly (readonly [name: string, event: LifeEvent])[] = [
  ...(['cancel', 'disconnect', 'identityChanged', 'replaced'] as const).map(
    (type) => [type, { type }] as const,
  ),
  ...[true, false].map(
    (bySelf) =>
      [
        `superseded${bySelf ? ' by itself' : ''}`,
        { type: 'superseded', bySelf },
      ] as const,
  ),
  ...(['taken', 'revoked', 'invalidated', 'gap', 'expired'] as const).map(
    (type) => [type, { type }] as const,
  ),
  ...FITS.flatMap((fit) =>
    [FREE, BOUND].map((authorization) => {
      const bound = authorization === BOUND ? ' bound' : '';
      const event = { type: 'claimed', authorization } as const;
      return [
        `claimed${bound}${fit === undefined ? '' : ` (${fit})`}`,
        fit === undefined ? event : { ...event, fit },
      ] as const;
    }),
  ),
  ...(['unknown', 'binding', 'held'] as const).map(
    (reason) => [`refused (${reason})`, { type: 'refused', reason }] as const,
  ),
  ...(['announced', 'cleared', 'misplaced', 'uncovered'] as const).map(
    (type) => [type, { type }] as const,
  ),
  ['placed', { type: 'placed', position: 7 }],
  ['caughtUp', { type: 'caughtUp', position: 8 }],
  ...(['registered', 'kept', 'lost', 'forgotten', 'released'] as const).map(
    (type) => [type, { type }] as const,
  ),
  ...[true, false].map(
    (was) => [`removed${was ? '' : ' not'}`, { type: 'removed', was }] as const,
  ),
  ...QUESTIONS.map(
    (at) => [`failed (${at})`, { type: 'failed', at, error: ERROR }] as const,
  ),
  ...(['ask', 'announce', 'record', 'release', 'remove'] as const).map(
    (what) => [`due (${what})`, { type: 'due', what }] as const,
  ),
];

/** What can be there at all, and what each event makes of it, as lines. */
export function lifeTable(): string {
  const known = new Map<string, Life>();
  const lines: string[] = [];
  for (const wish of [
    { mode: 'once', since: undefined },
    { mode: 'resumable', since: 5 },
    { mode: 'resumable', since: 5, replaces: 'another' },
  ] as const) {
    const { life, effects } = begin(wish);
    known.set(lifeText(life), life);
    lines.push(`-> ${lifeText(life)}: ${effects.map(effectText).join(', ')}`);
  }
  // Grows while it is walked through.
  for (const [name, life] of known) {
    const events = new Map<string, string[]>();
    for (const [event, what] of EVENTS) {
      const step = next(life, what);
      const to = lifeText(step.life);
      if (!known.has(to)) known.set(to, step.life);
      if (to === name && step.effects.length === 0) continue;
      const effects = step.effects.map(effectText).join(', ') || 'nothing';
      const outcome = `${to === name ? 'the same' : to}: ${effects}`;
      events.set(outcome, [...(events.get(outcome) ?? []), event]);
    }
    lines.push(name);
    for (const [outcome, those] of events) {
      lines.push(`  ${those.join(', ')}`, `    -> ${outcome}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function lifeText(life: Life): string {
  const { state, ...rest } = life;
  return `${state} ${plain(rest)}`;
}

function effectText(effect: Effect): string {
  const { do: what, ...rest } = effect;
  return Object.keys(rest).length === 0 ? what : `${what} ${plain(rest)}`;
}

/** Members with their values; what is as ever, by a word. */
function plain(value: object): string {
  return Object.entries(value)
    .filter(([name, member]) =>
      member === false ? name === 'recovered' : member !== undefined,
    )
    .map(([name, member]) => `${name}=${memberText(member)}`)
    .join(' ');
}

function memberText(member: unknown): string {
  if (member === FREE) return 'free';
  if (member === BOUND) return 'bound';
  if (member === ERROR) return 'error';
  return typeof member === 'object' && member !== null
    ? `(${plain(member)})`
    : String(member);
}
