import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrowserContextOptions } from 'playwright-core';
import type { JsonValue } from 'snorky';
import { ExampleProcess } from '../../examples/example-process.js';
import { freePorts } from '../../examples/ports.js';
import { temporaryDirectory } from '../../package/build-package.js';
import { buildTodo } from './build-todo.js';
import { TestBrowser } from './test-browser.js';
import { TodoRest } from './todo-rest.js';
import { TodoWindow } from './todo-window.js';

const IN_PAGE = join(import.meta.dirname, 'in-page.js');

/** Time for a start, which may have to install a browser. */
export const START = 300_000;

/** The to-do app in a process of its own, and a browser. */
export class Stage implements AsyncDisposable {
  private constructor(
    private readonly directory: string,
    private readonly main: string,
    readonly browser: TestBrowser,
    public server: ExampleProcess,
  ) {}

  static async start(): Promise<Stage> {
    const directory = await temporaryDirectory('browser');
    const begun: AsyncDisposable[] = [];
    try {
      const browser = await TestBrowser.launch();
      begun.push(browser);
      const main = await buildTodo();
      const server = serve(main, await freePorts(), directory);
      begun.push(server);
      await server.started();
      return new Stage(directory, main, browser, server);
    } catch (error) {
      for (const thing of begun) await thing[Symbol.asyncDispose]();
      await rm(directory, { recursive: true, force: true });
      throw error;
    }
  }

  get rest(): TodoRest {
    return new TodoRest(this.server);
  }

  /** Opens the page of the tasks, and waits until it follows them. */
  async open(
    options: BrowserContextOptions & { readonly url?: string } = {},
  ): Promise<TodoWindow> {
    const { url = this.server.http, ...rest } = options;
    const window = new TodoWindow(
      await this.browser.open(url, { ...rest, script: IN_PAGE }),
    );
    await window.inState('live');
    return window;
  }

  /** Announces something, as a trusted server does. */
  async announce(message: JsonValue): Promise<void> {
    const { backend } = this.server;
    const response = await fetch(`http://127.0.0.1:${backend}/backend`, {
      method: 'POST',
      headers: { 'X-Backend-Key': 'swordfish' },
      body: JSON.stringify({
        service: 'pubsub_backend',
        message: {
          command: 'publish',
          params: { channel: 'announcements', message },
        },
      }),
    });
    if (!response.ok) throw new Error(await response.text());
  }

  /** Ends the server as a power cut does. */
  async kill(): Promise<void> {
    await this.server[Symbol.asyncDispose]();
  }

  /** Starts it again, where it was, with the data that it had. */
  async restart(): Promise<void> {
    const { port, backend } = this.server;
    this.server = serve(this.main, [port, backend], this.directory);
    await this.server.started();
  }

  /** Copies the data. Gives how to set it back, while there is no server. */
  async backUp(): Promise<() => Promise<void>> {
    const data = dataFile(this.directory);
    const copy = `${data}.backup`;
    await copyFile(data, copy);
    return () => copyFile(copy, data);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.browser[Symbol.asyncDispose]();
    } finally {
      await this.server[Symbol.asyncDispose]();
      await rm(this.directory, { recursive: true, force: true });
    }
  }
}

function serve(
  main: string,
  [port, backend]: [number, number],
  directory: string,
): ExampleProcess {
  return new ExampleProcess(main, port, backend, {
    DATA_FILE: dataFile(directory),
  });
}

function dataFile(directory: string): string {
  return join(directory, 'todo.sqlite');
}
