import { describe, expect, it } from '@jest/globals';
import { begin, next } from '../../../../src/services/datasync/life/life.js';
import type { Effect } from '../../../../src/services/datasync/life/effects.js';
import type { LifeEvent } from '../../../../src/services/datasync/life/events.js';
import type { Life } from '../../../../src/services/datasync/life/states.js';
import type { Mode } from '../../../../src/services/datasync/tokens/authorization.js';

const FREE = { items: [], position: 1, revocations: 1 };
const BOUND = { ...FREE, binding: '"ann"' };
const CLAIMED: LifeEvent = { type: 'claimed', authorization: FREE };
const ERROR = new Error('Broker');

/** Where events lead, and what the last of them has done. */
function after(
  mode: Mode,
  ...events: readonly LifeEvent[]
): { readonly life: Life; readonly effects: readonly Effect[] } {
  let step = begin({ mode, since: undefined });
  for (const event of events) step = next(step.life, event);
  return step;
}

const LIVE: readonly LifeEvent[] = [
  CLAIMED,
  { type: 'announced' },
  { type: 'cleared' },
  { type: 'caughtUp', position: 2 },
  { type: 'registered' },
];

describe('The life of a subscription', () => {
  it('asks who has the token when another is said to while it is claimed', () => {
    const { life, effects } = after('resumable', { type: 'taken' }, CLAIMED);
    expect(life.state).toBe('announcing');
    expect(effects).toContainEqual({ do: 'ask' });
    expect(after('resumable', CLAIMED).effects).not.toContainEqual({
      do: 'ask',
    });
  });

  it('tells the others later of a token that it could not tell them of', () => {
    const failed: LifeEvent = { type: 'failed', at: 'announce', error: ERROR };
    const { life, effects } = after('resumable', CLAIMED, failed);
    expect(effects).toEqual([
      { do: 'forget' },
      { do: 'release' },
      { do: 'later', what: 'announce' },
      { do: 'refuse', why: { cause: ERROR } },
    ]);
    expect(next(life, { type: 'due', what: 'announce' }).effects).toEqual([
      { do: 'announce' },
    ]);
    expect(next(life, failed).effects).toEqual([
      { do: 'later', what: 'announce' },
    ]);
  });

  it.each(['claimed', 'kept'] as const)(
    'gives back what it is given after its end: %s',
    (type) => {
      const { life } = after('resumable', ...LIVE, { type: 'disconnect' });
      const late = type === 'claimed' ? CLAIMED : ({ type } as const);
      expect(next(life, late).effects).toEqual([{ do: 'release' }]);
    },
  );

  it('says to itself alone that it has moved to another of its calls', () => {
    const [other, own] = [false, true].map(
      (bySelf) =>
        after('resumable', ...LIVE, { type: 'superseded', bySelf }).effects,
    );
    expect(other).toContainEqual({ do: 'tell', what: 'taken' });
    expect(own).not.toContainEqual({ do: 'tell', what: 'taken' });
  });

  it('ends what was claimed for somebody that the connection no longer is', () => {
    const bound: LifeEvent = { type: 'claimed', authorization: BOUND };
    const changed: LifeEvent = { type: 'identityChanged' };
    const { life, effects } = after('resumable', changed, bound);
    expect(life).toMatchObject({ state: 'over', fate: 'removed' });
    expect(effects).toContainEqual({ do: 'remove' });
    expect(after('resumable', changed, CLAIMED).life.state).toBe('announcing');
    for (const mode of ['once', 'resumable'] as const) {
      const bearer = after(mode, changed, CLAIMED, changed).life;
      expect(bearer.state).not.toBe('over');
    }
  });

  it('waits with its answer until the token is removed', () => {
    const uncovered: LifeEvent = { type: 'uncovered' };
    const { life, effects } = after(
      'resumable',
      CLAIMED,
      { type: 'announced' },
      { type: 'cleared' },
      uncovered,
    );
    expect(effects.map((effect) => effect.do)).toEqual([
      'halt',
      'forget',
      'remove',
    ]);
    for (const event of [
      { type: 'removed', was: false },
      { type: 'failed', at: 'remove', error: ERROR },
    ] as const) {
      expect(next(life, event).effects).toContainEqual({
        do: 'answer',
        result: { recovered: false },
      });
    }
  });

  it('goes on at the place of another one, or leaves all as it was', () => {
    const wish = { mode: 'resumable', since: 5, replaces: 'old' } as const;
    const to = (...events: readonly LifeEvent[]): ReturnType<typeof next> =>
      events.reduce(({ life }, event) => next(life, event), begin(wish));
    const place: LifeEvent = { ...CLAIMED, fit: 'place' };
    const placing = [place, ...LIVE.slice(1, 3)] as const;
    const [, announced, cleared] = LIVE as [LifeEvent, LifeEvent, LifeEvent];
    expect(to(place, announced, cleared).effects).toEqual([{ do: 'place' }]);
    expect(placing).toHaveLength(3);
    const placed: LifeEvent = { type: 'placed', position: 7 };
    const live = to(...placing, placed, { type: 'registered' });
    expect(live.effects).toEqual([
      { do: 'retire' },
      { do: 'answer', result: { recovered: true, position: 7 } },
    ]);
    for (const event of [
      { type: 'misplaced' },
      { type: 'failed', at: 'place', error: ERROR },
    ] as const) {
      const { life, effects } = to(...placing, event);
      expect(life).toMatchObject({ state: 'over', fate: 'released' });
      expect(effects).toContainEqual({ do: 'release' });
    }
    const none = to({ ...CLAIMED, fit: 'none' });
    expect(none.life).toMatchObject({ state: 'over', fate: 'released' });
    expect(none.effects).not.toContainEqual({ do: 'supersede' });
    // Another one may have been told that it never came there.
    for (const { life, effects } of [
      to(place, announced, cleared, { type: 'taken' }),
      to({ type: 'taken' }, place),
    ]) {
      expect(life).toMatchObject({ state: 'over', fate: 'released' });
      expect(effects).not.toContainEqual({ do: 'ask' });
    }
    // One that has been there resumes as ever.
    expect(to(CLAIMED, announced, cleared).effects).toMatchObject([
      { do: 'replay', since: 5 },
    ]);
  });

  describe('that is being taken over', () => {
    const DISCONNECT: LifeEvent = { type: 'disconnect' };
    const REFUSED = { do: 'refuse', why: { wire: 'noSuchSubscription' } };

    it.each([
      ['told of', 1, []],
      ['looked up', 2, ['halt']],
      ['replayed', 3, ['halt']],
      ['registered', 4, []],
    ] as const)(
      'is given back when its client leaves while it is %s',
      (_what, steps, first) => {
        const begun = LIVE.slice(0, steps);
        const { life, effects } = after('resumable', ...begun, DISCONNECT);
        expect(life).toEqual({
          state: 'over',
          mode: 'resumable',
          fate: 'released',
        });
        expect(effects).toEqual([
          ...first.map((what) => ({ do: what })),
          { do: 'forget' },
          { do: 'release' },
          REFUSED,
        ]);
      },
    );

    it('is given back when its client has left before it was claimed', () => {
      const { life, effects } = after('resumable', DISCONNECT, CLAIMED);
      expect(life).toMatchObject({ state: 'over', fate: 'released' });
      expect(effects).toEqual([{ do: 'release' }, { do: 'announce' }]);
    });

    it('is nothing to give back where it is acquired for good', () => {
      const { life, effects } = after('once', CLAIMED, DISCONNECT);
      expect(life).toMatchObject({ state: 'over', fate: 'removed' });
      expect(effects).not.toContainEqual({ do: 'release' });
      expect(effects).not.toContainEqual({ do: 'remove' });
      const late = next(life, CLAIMED);
      expect(late).toEqual({ life, effects: [] });
    });

    it('is tried again to be given back, removed or told of, and nothing else is', () => {
      const { life } = after('resumable', CLAIMED, DISCONNECT);
      for (const at of ['announce', 'release', 'remove'] as const) {
        const failed: LifeEvent = { type: 'failed', at, error: ERROR };
        expect(next(life, failed)).toEqual({
          life,
          effects: [{ do: 'later', what: at }],
        });
        const due: LifeEvent = { type: 'due', what: at };
        expect(next(life, due)).toEqual({ life, effects: [{ do: at }] });
      }
      for (const at of ['claim', 'check', 'record'] as const) {
        const failed: LifeEvent = { type: 'failed', at, error: ERROR };
        expect(next(life, failed)).toEqual({ life, effects: [] });
      }
      for (const what of ['ask', 'record'] as const) {
        const due: LifeEvent = { type: 'due', what };
        expect(next(life, due)).toEqual({ life, effects: [] });
      }
    });
  });

  it('does nothing of what comes twice', () => {
    let step = begin({ mode: 'resumable', since: undefined });
    for (const event of LIVE) {
      step = next(step.life, event);
      expect(next(step.life, event)).toEqual({ life: step.life, effects: [] });
    }
  });
});
