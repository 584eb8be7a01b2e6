import { expect, it } from '@jest/globals';
import { Cursors, type OwnCursor } from 'snorky/client';
import { Random } from '../../../harness/random.js';
import { connect, inState } from '../support/client.js';
import { ScriptedCursors } from '../support/scripted-cursors.js';
import { ServiceServer } from '../support/scripted-service.js';

const document = 'page';
const seeds = Array.from({ length: 20 }, () =>
  Math.floor(Math.random() * 2 ** 32),
);

/** What two clients must agree on. */
function shown({ cursors }: { readonly cursors: readonly Shown[] }): Shown[] {
  return cursors
    .map(({ publicHandle, position, status }) => {
      return { publicHandle, position, status };
    })
    .sort((a, b) => a.publicHandle! - b.publicHandle!);
}

type Shown = Pick<OwnCursor, 'publicHandle' | 'position' | 'status'>;

it.each(seeds)(
  'others see the cursors as they are, whatever was done and cut (seed %i)',
  async (seed) => {
    const random = new Random(seed);
    await using server = await ServiceServer.start(
      'cursors',
      new ScriptedCursors(),
    );
    using alice = connect(server.url('alice'), { cursors: Cursors });
    using bob = connect(server.url('bob'), { cursors: Cursors });
    const mine = await alice.services.cursors.join({ document });
    const theirs = await bob.services.cursors.join({ document });
    const seen = new Set<unknown>();
    bob.services.cursors.cursorAdded.add((cursor) => seen.add(cursor));
    bob.services.cursors.cursorRemoved.add((cursor) => seen.delete(cursor));
    const own: OwnCursor[] = [];
    for (let i = 0; i < 60; i++) {
      if (own.length === 0 || (own.length < 6 && random.chance(0.2))) {
        own.push(mine.createCursor({ position: i }));
      } else if (random.chance(0.1)) {
        const [removed] = own.splice(random.below(own.length), 1);
        void removed?.remove();
      } else {
        const status = random.below(3);
        void own[random.below(own.length)]?.update({ position: i, status });
      }
      if (random.chance(0.1)) server.cut(random.chance(0.5) ? 'alice' : 'bob');
      else if (random.chance(0.3)) {
        await alice.services.cursors.rpcCall('mark').catch(() => {});
      }
    }
    for (const snorky of [alice, bob]) await inState(snorky, 'connected');
    await Promise.all(own.map((cursor) => cursor.update({ status: 'end' })));
    // Answers come after what was told before them.
    for (const { services } of [alice, bob]) {
      await services.cursors
        .rpcCall('mark', {}, { repeat: true })
        .catch(() => {});
    }
    expect(new Set(mine.cursors)).toEqual(new Set(own));
    expect(own.every((cursor) => cursor.isSynchronized())).toBe(true);
    expect(shown(theirs)).toEqual(shown(mine));
    expect(seen).toEqual(new Set(theirs.cursors));
  },
);
