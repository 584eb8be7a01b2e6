import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { LifeEvent } from '../../../../src/services/datasync/life/events.js';
import { World } from './world.js';

const index = fc.nat({ max: 9 });
const mode = fc.constantFrom('once' as const, 'resumable' as const);

const happening = fc.constantFrom<LifeEvent>(
  { type: 'caughtUp', position: 0 },
  { type: 'uncovered' },
  { type: 'cancel' },
  { type: 'disconnect' },
  { type: 'identityChanged' },
  { type: 'replaced' },
  { type: 'revoked' },
  { type: 'expired' },
  { type: 'invalidated' },
  { type: 'gap' },
  { type: 'forgotten' },
);

const luck = fc.constantFrom(
  'done' as const,
  'done' as const,
  'done' as const,
  'failed' as const,
  'failedThoughDone' as const,
);

const command = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.tuple(
      fc.constant('come' as const),
      index,
      mode,
      fc.boolean(),
    ),
  },
  {
    weight: 6,
    arbitrary: fc.tuple(fc.constant('arrive' as const), index, luck),
  },
  {
    weight: 6,
    arbitrary: fc.tuple(
      fc.constant('answer' as const),
      index,
      fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(fc.constant('happen' as const), index, happening),
  },
  { weight: 1, arbitrary: fc.tuple(fc.constant('retry' as const), index) },
  // Otherwise hardly anything would ever become live.
  { weight: 2, arbitrary: fc.tuple(fc.constant('rest' as const), index) },
);
type Command = typeof command extends fc.Arbitrary<infer C> ? C : never;

function act(world: World, [what, which, how, replaces]: Command): void {
  const { actors } = world;
  if (what === 'come') {
    if (actors.length < 6) world.come(which % 2, how, replaces);
  } else if (what === 'arrive') {
    if (world.asked.length > 0) world.arrive(which, how);
  } else if (what === 'answer') {
    if (world.answered.length > 0) world.answer(which, how);
  } else if (what === 'happen') {
    const actor = actors[which % Math.max(actors.length, 1)];
    if (actor !== undefined) world.happen(actor, how);
  } else if (what === 'retry') {
    world.retry(which);
  } else {
    rest(world);
  }
}

/** Nothing fails for a while, and all that is sent of the log is sent. */
function rest(world: World): void {
  for (let round = 0; round < 3; round++) {
    world.settle(false);
    for (const actor of world.actors) {
      if (actor.replaying)
        world.happen(actor, { type: 'caughtUp', position: 0 });
    }
  }
}

const seed = Date.now() & 0x7fffffff;

describe(`The life of a subscription (seed ${seed})`, () => {
  it('keeps its promises, whatever happens and however the broker answers', () => {
    fc.assert(
      fc.property(
        fc.array(command, { maxLength: 80, size: 'max' }),
        fc.constantFrom('"ann"', undefined),
        fc.constantFrom('place' as const, 'none' as const),
        fc.boolean(),
        (commands, binding, fit, isPlaceThere) => {
          const world = new World(binding, fit, isPlaceThere);
          for (const each of commands) act(world, each);
          world.settle();
          rest(world);
          const active = world.actors.filter(({ forgotten }) => !forgotten);
          expect(active.every(({ life }) => life.state === 'live')).toBe(true);
          expect(active.length).toBeLessThanOrEqual(1);
          // Held by nobody who knows of it, the token would never run out.
          if (world.holder !== undefined)
            expect(active).toContain(world.holder);
          for (const actor of world.actors) {
            expect(actor.answers).toBe(1);
            expect(actor.cancelled).toBe(actor.cancellations);
          }
          for (const actor of active)
            world.happen(actor, { type: 'disconnect' });
          world.settle();
          expect(world.holder).toBeUndefined();
          for (const { life, registered, replaying, due } of world.actors) {
            expect(life.state).toBe('over');
            expect([registered, replaying, due]).toEqual([false, false, []]);
          }
        },
      ),
      { numRuns: 600, seed },
    );
  });
});
