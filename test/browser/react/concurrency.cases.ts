import { expect, it } from '@jest/globals';
import type { ReactPage } from './react-page.js';

/** What could be seen, after each commit. */
function shown(drawn: readonly string[]): readonly string[] {
  const what = 'shown: ';
  return drawn
    .filter((text) => text.startsWith(what))
    .map((text) => text.slice(what.length));
}

/** What is shown of a list that changes while it is drawn. It begins with four rows. */
export function describeConcurrency(page: ReactPage): void {
  /** Has something drawn in a transition, and the list change in the midst of it. */
  async function changeWhileDrawing(length: number): Promise<void> {
    await page.window.call('drawUntil', length);
    await page.window.untilDrawn(`first sees ${length - 1}`);
    page.stage.tasks.put({ id: length, title: 'more' });
    await page.window.untilDrawn(`last sees ${length}`);
  }

  it('what comes in a transition shows one state of a list that changes', async () => {
    await page.window.show('Lengths');
    await changeWhileDrawing(5);
    await page.window.untilDrawn('shown: 5 | 5');
    const drawn = await page.window.drawn();
    // It has changed between the two.
    expect(drawn.slice(0, 2)).toEqual(['first sees 4', 'last sees 5']);
    expect(shown(drawn)).toEqual(['5 | 5']);
  });

  it('a snapshot that React does not know of shows two states', async () => {
    await page.window.show('UnknownLengths');
    await changeWhileDrawing(5);
    await page.window.untilDrawn('shown: 4 | 5');
    expect(shown(await page.window.drawn())).toEqual(['4 | 5']);
  });

  it('what is shown already shows one state while a transition draws it anew', async () => {
    await page.window.show('Lengths');
    await changeWhileDrawing(5);
    await page.window.untilSeen('output', '5', '5');
    await page.window.drawn();
    await changeWhileDrawing(6);
    await page.window.untilSeen('output', '6', '6');
    expect(shown(await page.window.drawn())).toEqual(['6 | 6']);
  });

  it('deferred values are those of one state', async () => {
    await page.window.show('DeferredLengths');
    await page.window.untilSeen('output', '4, 4', '4, 4');
    await page.window.drawn();
    page.stage.tasks.put({ id: 5, title: 'b' });
    await page.window.untilDrawn('first sees 5, later 5');
    page.stage.tasks.put({ id: 6, title: 'd' });
    await page.window.untilSeen('output', '6, 6', '6, 6');
    // The second change came before the first one was drawn to the end.
    expect(shown(await page.window.drawn())).toEqual([
      '5, 4 | 5, 4',
      '6, 4 | 6, 4',
      '6, 6 | 6, 6',
    ]);
  });
}
