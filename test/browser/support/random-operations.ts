import type { Random } from '../../../harness/random.js';
import type { Shown, TodoWindow } from './todo-window.js';

/** Each as often as it is here. */
const OPERATIONS = [
  ...['add', 'add', 'add', 'add', 'add', 'add', 'add', 'add', 'add'],
  ...['toggle', 'toggle', 'toggle', 'toggle'],
  ...['edit', 'edit', 'edit', 'edit'],
  ...['delete', 'delete'],
  'toggle all',
  'clear completed',
];

const TRY_NOW = '#try-now:not([hidden])';

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
  await click(window, TRY_NOW);
}

/** Presses it until the window shows these tasks. */
export async function recover(
  window: TodoWindow,
  expected: readonly Shown[],
): Promise<void> {
  const text = JSON.stringify(JSON.stringify(expected));
  const state = 'document.body.dataset.state';
  try {
    await window.page.waitForFunction(
      `(${clicking(TRY_NOW)}, ${state} === 'live' && JSON.stringify(inPage.tasks()) === ${text})`,
      undefined,
      { polling: 100 },
    );
  } catch (cause) {
    const shown = JSON.stringify(await window.tasks());
    const is = await window.window.evaluate<string>(state);
    throw new Error(
      `The page is ${is} with ${shown}, and not live with ${JSON.stringify(expected)}`,
      { cause },
    );
  }
}

async function click(window: TodoWindow, selector: string): Promise<void> {
  await window.window.evaluate(clicking(selector));
}

/** Unlike a person it does not wait for what cannot be seen. */
function clicking(selector: string): string {
  const element = `document.querySelector('${selector}')`;
  return `${element}?.checkVisibility() && ${element}.click()`;
}
