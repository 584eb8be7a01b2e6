import { expect, it } from '@jest/globals';
import type { ReactPage } from './react-page.js';

/** What is left of a list's listeners when its components are gone. */
export function describeStrictMode(page: ReactPage): void {
  it('StrictMode finds nothing to say, and nobody listens when all is gone', async () => {
    const before = await page.window.call<number>('countListeners');
    await page.window.showStrictly('List', 'List', 'Item', 'Connection');
    await page.window.untilSeen('li', ...'aceg', ...'aceg');
    await page.window.untilSeen('h1', 'a');
    expect(await page.window.call<number>('countListeners')).toBe(before + 4);
    page.stage.tasks.put({ id: 1, title: 'b' });
    await page.window.untilSeen('li', ...'bceg', ...'bceg');
    await page.window.untilSeen('h1', 'b');
    await page.window.hide();
    expect(await page.window.call<number>('countListeners')).toBe(before);
    // Components that are gone are not drawn again.
    await page.window.drawn();
    page.stage.tasks.put({ id: 1, title: 'a' });
    await page.window.until("page.tasks.items[0].title === 'a'");
    expect(await page.window.drawn()).toEqual([]);
  });

  it('a list that a component opens and closes leaves no subscription, in StrictMode either', async () => {
    using held = page.stage.subscriptions();
    await page.window.showStrictly('OwnList');
    await page.window.untilDrawn('list live');
    expect(await page.window.seen('li')).toEqual(['a', 'c', 'e', 'g']);
    expect(held.size).toBe(1);
    await page.window.hide();
    await held.none();
  });
}
