import type { TestWindow } from '../support/test-browser.js';

/** A page that React draws. */
export class ReactWindow implements AsyncDisposable {
  /** What React, or anything else, warns of on the console. */
  readonly warnings: string[] = [];

  constructor(readonly window: TestWindow) {
    window.page.on('console', (message) => {
      if (message.type() === 'warning') this.warnings.push(message.text());
    });
  }

  /** Uncaught errors, and what is on the console. */
  get problems(): readonly string[] {
    return [...this.window.problems, ...this.warnings];
  }

  /** Begins with a page on which nothing is shown, and no problem known. */
  async reload(): Promise<void> {
    this.warnings.length = this.window.problems.length = 0;
    await this.window.page.reload();
    await this.untilLive();
  }

  /** Waits until the page follows all that it has opened. */
  untilLive(): Promise<void> {
    return this.until(
      "page.tasks.state === 'live' && page.task.state === 'live'",
    );
  }

  /** Draws parts of the page, by the names of their components. */
  show(...parts: readonly string[]): Promise<void> {
    return this.call('show', ...parts);
  }

  /** The same in StrictMode. */
  showStrictly(...parts: readonly string[]): Promise<void> {
    return this.call('showStrictly', ...parts);
  }

  hide(): Promise<void> {
    return this.call('hide');
  }

  /** What was drawn since this was asked last, in its order. */
  drawn(): Promise<readonly string[]> {
    return this.call('takeLog');
  }

  /** Waits until an expression is true, in the page. */
  until(expression: string): Promise<void> {
    return this.window.until(expression);
  }

  /** Waits until something has been drawn. */
  async untilDrawn(what: string): Promise<void> {
    await this.until(`page.peekLog().includes(${JSON.stringify(what)})`);
  }

  /** Waits until these are all elements of a kind that can be seen. */
  async untilSeen(kind: string, ...texts: readonly string[]): Promise<void> {
    const expected = JSON.stringify(texts);
    try {
      await this.window.until(`${seen(kind)} === ${JSON.stringify(expected)} `);
    } catch (cause) {
      const is = await this.window.evaluate<string>(seen(kind));
      throw new Error(`Seen is ${is}, and not ${expected}`, { cause });
    }
  }

  /** The texts of all elements of a kind. */
  async seen(kind: string): Promise<readonly string[]> {
    return JSON.parse(
      await this.window.evaluate<string>(seen(kind)),
    ) as string[];
  }

  /** Calls a function of the page. */
  call<Result>(name: string, ...args: readonly unknown[]): Promise<Result> {
    const list = args.map((arg) => JSON.stringify(arg)).join();
    return this.window.evaluate(`page.${name}(${list})`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.window[Symbol.asyncDispose]();
  }
}

function seen(kind: string): string {
  const elements = `[...document.querySelectorAll(${JSON.stringify(kind)})]`;
  return `JSON.stringify(${elements}.map((one) => one.textContent))`;
}
