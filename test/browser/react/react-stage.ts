import { Controller, Get, Header, Param } from '@nestjs/common';
import { build, stop } from 'esbuild';
import { join } from 'node:path';
import {
  getRegistryToken,
  PubSubModule,
  PubSubService,
  type ServiceRegistry,
} from 'snorky';
import {
  startLiveApp,
  type LiveApp,
  type Tasks,
} from '../../client/support/live-app.js';
import { ROOT } from '../../package/build-package.js';
import { TestBrowser } from '../support/test-browser.js';
import { Held } from './held.js';
import { ReactWindow } from './react-window.js';

/** What the page is made with, and how its version begins. */
export const REACTS = [
  { name: 'react-18', version: /^18\.3\./ },
  { name: 'react-19', version: /^19\./ },
] as const;

export type ReactName = (typeof REACTS)[number]['name'];

const PACKAGES = {
  'react-18': { react: 'react-18', 'react-dom': 'react-dom-18' },
  // The one that has its own name.
  'react-19': {},
} as const satisfies Record<ReactName, object>;

/** An application whose page is drawn by React, and a browser. */
export class ReactStage implements AsyncDisposable {
  private constructor(
    readonly app: LiveApp,
    private readonly browser: TestBrowser,
  ) {}

  static async start(): Promise<ReactStage> {
    const browser = await TestBrowser.launch();
    try {
      const scripts = await Promise.all(
        REACTS.map(async ({ name }) => [name, await bundle(name)] as const),
      );
      // Its process would keep ours from ending.
      await stop();
      const app = await startLiveApp({}, 'express', undefined, {
        imports: [PubSubModule.register()],
        controllers: [pageController(new Map(scripts))],
      });
      return new ReactStage(app, browser);
    } catch (error) {
      await browser[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Opens the page of a React; the URL may be that of a line to the application. */
  async open(name: ReactName, url = this.app.http): Promise<ReactWindow> {
    const window = await this.browser.open(`${url}/${name}`);
    return new ReactWindow(window);
  }

  /** The table, which the server has. */
  get tasks(): Tasks {
    return this.app.tasks;
  }

  /** Begins with tasks of these titles. Nobody is told. */
  begin(...titles: readonly string[]): void {
    const { rows } = this.tasks;
    rows.clear();
    for (const title of titles) {
      const id = rows.size + 1;
      rows.set(id, { id, title });
    }
  }

  /** Publishes a message to those who listen to the news. */
  async announce(message: string): Promise<void> {
    const pubsub = this.app.app.get(PubSubService, { strict: false });
    await pubsub.broadcast('news', message);
  }

  /** Counts from now on who subscribes to rows, and who leaves them. */
  subscriptions(): Held {
    const registry = this.app.app.get<ServiceRegistry>(
      getRegistryToken('frontend'),
      { strict: false },
    );
    return new Held(registry);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.browser[Symbol.asyncDispose]();
    await this.app[Symbol.asyncDispose]();
  }
}

async function bundle(name: ReactName): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, 'page/main.ts')],
    bundle: true,
    format: 'iife',
    target: 'es2022',
    alias: {
      ...PACKAGES[name],
      'snorky/client': join(ROOT, 'src/client/index.ts'),
    },
    // With all that React has to say.
    define: { 'process.env.NODE_ENV': '"development"' },
    logLevel: 'error',
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}

function pageController(
  scripts: ReadonlyMap<string, string>,
): new () => object {
  @Controller()
  class PageController {
    @Get('react-:version')
    @Header('Content-Type', 'text/html; charset=utf-8')
    page(@Param('version') version: string): string {
      return `<!doctype html><title>React</title><link rel="icon" href="data:,">
        <main></main><script src="/react-${version}/page.js"></script>`;
    }

    @Get('react-:version/page.js')
    @Header('Content-Type', 'text/javascript; charset=utf-8')
    script(@Param('version') version: string): string | undefined {
      return scripts.get(`react-${version}`);
    }
  }
  return PageController;
}
