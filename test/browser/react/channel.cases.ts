import { expect, it } from '@jest/globals';
import type { ReactPage } from './react-page.js';

/** What is shown of a channel. */
export function describeChannel(page: ReactPage): void {
  it('two components share a channel, and the last one that goes unsubscribes, in StrictMode', async () => {
    using held = page.stage.subscriptions();
    await page.window.showStrictly('News', 'News');
    await page.window.untilSeen('q', 'subscribed: ', 'subscribed: ');
    await page.stage.announce('one');
    await page.window.untilSeen('q', 'subscribed: one', 'subscribed: one');
    await page.window.showStrictly('News');
    await page.window.untilSeen('q', 'subscribed: one');
    await page.stage.announce('two');
    await page.window.untilSeen('q', 'subscribed: two');
    expect(held.commands).toEqual(['subscribe']);
    await page.window.hide();
    await held.none();
    expect(held.commands).toEqual(['subscribe', 'unsubscribe']);
  });

  it('a channel that is shown again begins with no message', async () => {
    await page.window.show('News');
    await page.window.untilSeen('q', 'subscribed: ');
    await page.stage.announce('one');
    await page.window.untilSeen('q', 'subscribed: one');
    using held = page.stage.subscriptions();
    await page.window.hide();
    await held.heard('unsubscribe');
    await page.window.show('News');
    // What it shows first is what there is to be seen until the server has answered.
    const [begun] = await page.window.seen('q');
    expect(begun).toMatch(/^subscrib(ing|ed): $/);
    await page.window.untilSeen('q', 'subscribed: ');
  });
}
