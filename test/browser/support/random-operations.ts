import type { Random } from '../../support/random.js';
import type { TodoWindow } from './todo-window.js';

/** Each as often as it is here. */
const OPERATIONS = [
  ...['add', 'add', 'add', 'add', 'add', 'add', 'add', 'add', 'add'],
  ...['toggle', 'toggle', 'toggle', 'toggle'],
  ...['edit', 'edit', 'edit', 'edit'],
  ...['delete', 'delete'],
  'toggle all',
  'clear completed',
];

/** Does one thing of all that can be done in a window. */
export async function operateAtRandom(
  window: TodoWindow,
  random: Random,
  name: string,
): Promise<void> {
  const operation = OPERATIONS[random.below(OPERATIONS.length)];
  const which = random.next();
  if (operation === 'add') {
    await window.add(name);
  } else if (operation === 'toggle all') {
    await click(window, '#toggle-all');
  } else if (operation === 'clear completed') {
    await click(window, '#clear');
  } else {
    const text = JSON.stringify(`${name}, edited`);
    await window.window.evaluate(
      `inPage.change('${operation}', ${which}, ${text})`,
    );
  }
}

/** Presses the button of the notice, where there is one. */
export async function tryNow(window: TodoWindow): Promise<void> {
  await click(window, '#notice:not([hidden]) #try-now');
}

/** Presses it until the window is live. */
export async function recover(window: TodoWindow): Promise<void> {
  const { page } = window;
  await page.waitForFunction(
    `(${clicking('#notice:not([hidden]) #try-now')}, document.body.dataset.state === 'live')`,
    undefined,
    { polling: 100 },
  );
}

async function click(window: TodoWindow, selector: string): Promise<void> {
  await window.window.evaluate(clicking(selector));
}

/** Unlike a person it does not wait for what cannot be seen. */
function clicking(selector: string): string {
  const element = `document.querySelector('${selector}')`;
  return `${element}?.checkVisibility() && ${element}.click()`;
}
