import type { Locator } from 'playwright-core';
import type { TestWindow } from './test-browser.js';

/** A task as it can be seen: its title, and whether it is done. */
export type Shown = readonly [title: string, completed: boolean];

/** What somebody does in a window of the to-do app. */
export class TodoWindow implements AsyncDisposable {
  constructor(readonly window: TestWindow) {}

  get page(): TestWindow['page'] {
    return this.window.page;
  }

  get field(): Locator {
    return this.page.getByRole('textbox', { name: 'New task' });
  }

  get editor(): Locator {
    return this.page.getByRole('textbox', { name: 'Edit task' });
  }

  get toggleAll(): Locator {
    return this.page.getByRole('checkbox', { name: 'Mark all as done' });
  }

  row(title: string): Locator {
    return this.page
      .getByRole('list', { name: 'Tasks' })
      .getByRole('listitem')
      .filter({ has: this.page.getByText(title, { exact: true }) });
  }

  async add(title: string): Promise<void> {
    await this.field.fill(title);
    await this.field.press('Enter');
  }

  async toggle(title: string): Promise<void> {
    await this.row(title).getByRole('checkbox').click();
  }

  /** Opens the edit box of a task, and types into it. */
  async edit(title: string, text: string): Promise<void> {
    await this.row(title).getByText(title, { exact: true }).dblclick();
    await this.editor.fill(text);
  }

  async delete(title: string): Promise<void> {
    await this.row(title).hover();
    await this.row(title).getByRole('button', { name: 'Delete' }).click();
  }

  async clearCompleted(): Promise<void> {
    await this.page.getByRole('button', { name: 'Clear completed' }).click();
  }

  async show(filter: 'All' | 'Active' | 'Completed'): Promise<void> {
    await this.page.getByRole('link', { name: filter, exact: true }).click();
  }

  /** What an element says. */
  text(selector: string): Promise<string | null> {
    return this.page.locator(selector).textContent();
  }

  /** Waits until a text can be seen. */
  async says(text: string | RegExp): Promise<void> {
    await this.page.getByText(text).first().waitFor();
  }

  tasks(): Promise<readonly Shown[]> {
    return this.window.evaluate('inPage.tasks()');
  }

  /** Waits until exactly these tasks can be seen. */
  async shows(expected: readonly Shown[]): Promise<void> {
    const text = JSON.stringify(expected);
    try {
      await this.window.until(
        `JSON.stringify(inPage.tasks()) === ${JSON.stringify(text)}`,
      );
    } catch (cause) {
      const shown = JSON.stringify(await this.tasks());
      throw new Error(`Shown is ${shown}, and not ${text}`, { cause });
    }
  }

  /** Waits for the state of the page, as `data-state` has it. */
  async inState(state: string): Promise<void> {
    try {
      await this.window.until(
        `document.body.dataset.state === ${JSON.stringify(state)}`,
      );
    } catch (cause) {
      const is = await this.window.evaluate('document.body.dataset.state');
      throw new Error(`The page is ${String(is)}, and not ${state}`, { cause });
    }
  }

  /** Waits until all that was sent to the server has been answered. */
  async settled(): Promise<void> {
    await this.window.until('inPage.underway === 0');
  }

  /** How often the list was fetched. */
  get fetches(): number {
    return this.window.requests.filter((line) => line === 'GET /tasks').length;
  }

  /** How often something was changed while it was not live. */
  get late(): Promise<number> {
    return this.window.evaluate('inPage.late');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.window[Symbol.asyncDispose]();
  }
}
