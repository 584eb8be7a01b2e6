import { expect, it } from '@jest/globals';
import { Line } from '../../../harness/line.js';
import type { ReactPage } from './react-page.js';

/** Three steps of one count-down. */
const COUNTED = /in \d+,in \d+,in \d+/;

/** What is shown of the connection. */
export function describeConnection(page: ReactPage): void {
  it('a lost connection is counted down, and its list goes on where it was', async () => {
    const { tasks, app } = page.stage;
    await using line = await Line.to(app.port, { webSocketsOnly: true });
    await using window = await page.stage.open(page.name, line.http);
    await window.untilLive();
    await window.show('List', 'Connection');
    await window.untilDrawn('list live');
    await window.untilSeen('header', 'connected');
    const { fetched } = tasks;
    await window.drawn();

    expect(line.break()).toBe(1);
    await window.untilDrawn('list stale');
    tasks.put({ id: 5, title: 'b' });
    await window.until(`${COUNTED}.test(page.peekLog().join())`);
    line.repair();
    await window.untilSeen('header', 'connected');
    await window.untilDrawn('list live');

    const drawn = await window.drawn();
    // As long as there is no line, each attempt may end as the first one has.
    const states = drawn.filter((what) => /^(wait|connect)/.test(what));
    expect(states.join()).toMatch(
      /^(waiting 1006,connecting 1006,)+connected$/,
    );
    const [counted = ''] = COUNTED.exec(drawn.join()) ?? [];
    const left = counted.split(',').map((what) => Number(what.slice(3)));
    expect(left[0]).toBeLessThanOrEqual(8);
    expect([...new Set(left)].sort((one, other) => other - one)).toEqual(left);
    expect(drawn.filter((what) => /^(list|row)/.test(what))).toEqual([
      'list stale',
      // What was missed comes before it is live again.
      'row 5',
      'list stale',
      'list live',
    ]);
    expect(await window.seen('li')).toEqual(['a', 'b', 'c', 'e', 'g']);
    expect(tasks.fetched).toBe(fetched);
    expect(window.problems).toEqual([]);
  });
}
