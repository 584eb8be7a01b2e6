import {
  chromium,
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Page,
} from 'playwright-core';
import { ensureChromium } from '../../../scripts/ensure-chromium.js';

/** How long a page may take for anything. */
export const PATIENCE = 15_000;

/** What the console says when the network is what a test has made of it. */
const NETWORK = [/^WebSocket connection to /, /^Failed to load resource: /];

/** A real browser. */
export class TestBrowser implements AsyncDisposable {
  private constructor(private readonly browser: Browser) {}

  static async launch(): Promise<TestBrowser> {
    return new TestBrowser(
      await chromium.launch({
        executablePath: ensureChromium(),
        // Its sandbox is not for root.
        chromiumSandbox: process.getuid?.() !== 0,
      }),
    );
  }

  /** Opens a window that shares nothing with others. */
  async open(
    url: string,
    options: BrowserContextOptions & { readonly script?: string } = {},
  ): Promise<TestWindow> {
    const { script, ...rest } = options;
    const context = await this.browser.newContext({ locale: 'en-GB', ...rest });
    context.setDefaultTimeout(PATIENCE);
    if (script !== undefined) await context.addInitScript({ path: script });
    return openIn(context, url);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.browser.close();
  }
}

/** A window, and what went wrong in it. */
export class TestWindow implements AsyncDisposable {
  /** Uncaught errors, and those on the console that the network is not to blame for. */
  readonly problems: string[] = [];
  /** What was requested: methods and paths. */
  readonly requests: string[] = [];

  constructor(
    readonly context: BrowserContext,
    readonly page: Page,
  ) {
    page.on('pageerror', (error) => this.problems.push(String(error.stack)));
    page.on('console', (message) => {
      const text = message.text();
      if (message.type() !== 'error') return;
      if (NETWORK.some((pattern) => pattern.test(text))) return;
      this.problems.push(text);
    });
    page.on('request', (request) => {
      const { pathname } = new URL(request.url());
      this.requests.push(`${request.method()} ${pathname}`);
    });
  }

  /** The value of an expression, in the page. */
  evaluate<Value>(expression: string): Promise<Value> {
    return this.page.evaluate<Value>(expression);
  }

  /** Opens a tab that shares cookies, caches and workers with this one. */
  tab(url: string): Promise<TestWindow> {
    return openIn(this.context, url);
  }

  /** Waits until an expression is true, in the page. */
  async until(expression: string): Promise<void> {
    await this.page.waitForFunction(expression);
  }

  /** Closes its tabs, too. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.context.close();
  }
}

async function openIn(
  context: BrowserContext,
  url: string,
): Promise<TestWindow> {
  const window = new TestWindow(context, await context.newPage());
  await window.page.goto(url);
  return window;
}
