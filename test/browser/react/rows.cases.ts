import { expect, it } from '@jest/globals';
import type { ReactPage } from './react-page.js';

/** Which rows are drawn when: a list that is live has four. */
export function describeRows(page: ReactPage): void {
  /** Shows the list, which is live and has four rows. */
  async function showList(): Promise<void> {
    await page.window.show('List');
    await page.window.untilDrawn('list live');
    await page.window.drawn();
  }

  it('all rows of a snapshot are drawn, and none of the array that is changed in place', async () => {
    await page.window.show('OwnList');
    await page.window.untilDrawn('list live');
    expect(await page.window.seen('li')).toEqual(['a', 'c', 'e', 'g']);
    // React has nothing to say of it.
    expect(await page.window.seen('p')).toEqual([]);
    page.stage.tasks.put({ id: 5, title: 'b' });
    await page.window.untilSeen('li', 'a', 'b', 'c', 'e', 'g');
    expect(await page.window.seen('p')).toEqual([]);
    const arrays = (await page.window.drawn()).filter(
      (what) => what === 'array',
    );
    expect(arrays).toHaveLength(1);
  });

  it('a row that changes is drawn again, and no other', async () => {
    await showList();
    page.stage.tasks.put({ id: 2, title: 'd' });
    await page.window.untilSeen('li', 'a', 'd', 'e', 'g');
    expect(await page.window.drawn()).toEqual(['row 2', 'list live']);
  });

  it('a batch of changes is drawn at once', async () => {
    await showList();
    page.stage.tasks.put(
      { id: 1, title: 'b' },
      { id: 5, title: 'f' },
      { id: 4, title: 'h' },
    );
    await page.window.untilSeen('li', 'b', 'c', 'e', 'f', 'h');
    const drawn = await page.window.drawn();
    expect(drawn).toEqual(['row 1', 'row 5', 'row 4', 'list live']);
  });

  it('a row that comes into the middle is drawn, and no other', async () => {
    await showList();
    page.stage.tasks.put({ id: 5, title: 'd' });
    await page.window.untilSeen('li', 'a', 'c', 'd', 'e', 'g');
    expect(await page.window.drawn()).toEqual(['row 5', 'list live']);
  });

  it('no row is drawn again when one goes, or another place is its place', async () => {
    await showList();
    page.stage.tasks.remove(1);
    await page.window.untilSeen('li', 'c', 'e', 'g');
    expect(await page.window.drawn()).toEqual(['list live']);
    page.stage.tasks.put({ id: 2, title: 'z' });
    await page.window.untilSeen('li', 'e', 'g', 'z');
    expect(await page.window.drawn()).toEqual(['row 2', 'list live']);
  });

  it('no row is drawn again when the same rows are fetched again', async () => {
    await showList();
    const { fetched } = page.stage.tasks;
    await page.window.call('tasks.refresh');
    await page.window.untilDrawn('list live');
    expect(await page.window.drawn()).toEqual(['list stale', 'list live']);
    expect(page.stage.tasks.fetched).toBe(fetched + 1);
  });

  it('the row that has changed by the next fetch is drawn again, and no other', async () => {
    await showList();
    // Nobody is told of this change.
    page.stage.tasks.rows.set(3, { id: 3, title: 'f' });
    await page.window.call('tasks.refresh');
    await page.window.untilDrawn('list live');
    expect(await page.window.seen('li')).toEqual(['a', 'c', 'f', 'g']);
    const drawn = await page.window.drawn();
    expect(drawn.filter((what) => what.startsWith('row'))).toEqual(['row 3']);
  });

  it('one task is drawn when it changes, and goes when it is deleted', async () => {
    await page.window.show('Item');
    await page.window.untilDrawn('item live');
    expect(await page.window.seen('h1')).toEqual(['a']);
    await page.window.drawn();
    page.stage.tasks.put({ id: 2, title: 'd' }, { id: 1, title: 'b' });
    await page.window.untilSeen('h1', 'b');
    expect(await page.window.drawn()).toEqual(['item live']);
    page.stage.tasks.remove(1);
    await page.window.untilSeen('h1', 'none');
    expect(await page.window.drawn()).toEqual(['item live']);
  });
}
