import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Snorky } from 'snorky/client';
import { WebSocket } from 'ws';
import type { RunningApp } from '../support/servers/app.js';
import type { Block } from './markdown.js';

// Inside the tree, where packages are found.
export const CLIENT_WORK = join(
  import.meta.dirname,
  '../../.build',
  `client-samples-${process.pid}`,
);

/** What a sample exports, by name. */
export type ClientModule = Readonly<Record<string, unknown>> & {
  readonly snorky?: Snorky;
};

/** A sample as a file that can be compiled and imported. */
export interface PageScript {
  readonly name: string;
  readonly code: string;
}

/** What a reader is not shown around a sample. */
export interface Frame {
  readonly before?: string;
  readonly after?: string;
}

/** The script of a block, which may be a page around a script. */
export function scriptOf(
  { kind, name = '', text }: Block,
  { before = '', after = '' }: Frame = {},
): PageScript {
  const inline = /<script>\n([\s\S]*)<\/script>/.exec(text)?.[1];
  const code = kind === 'page' ? (inline ?? text) : text;
  return { name, code: `${before}\n${code}\n${after}\nexport {};\n` };
}

/** Writes a script where those that belong together find each other. */
export async function writeScript(
  { name, code }: PageScript,
  directory: string,
): Promise<string> {
  const file = join(CLIENT_WORK, directory, `${name}.ts`);
  await mkdir(join(CLIENT_WORK, directory), { recursive: true });
  await writeFile(file, code);
  return file;
}

let runs = 0;

/** An element of a page, as far as samples use one. */
export interface Element {
  hidden: boolean;
  textContent: string;
}

/**
 * What a page of an application finds in its window. Whatever host a sample
 * names, it reaches the application.
 */
export class Page implements Disposable {
  /** The addresses of its sockets, as the samples name them. */
  readonly opened: string[] = [];
  private readonly elements = new Map<string, Element>();
  private readonly calls = new Map<string, unknown[][]>();
  private readonly loaded: ClientModule[] = [];
  private readonly before = new Map<string, PropertyDescriptor | undefined>();
  private waiting: (() => void)[] = [];

  constructor(ws: string, http = ws) {
    const fetchFrom = globalThis.fetch;
    const base = ws.replace(/\/$/, '');
    const { opened } = this;
    class PageSocket extends WebSocket {
      constructor(url: string, protocols: string[] = []) {
        opened.push(url);
        const { pathname, search } = new URL(url);
        super(`${base}${pathname}${search}`, protocols);
      }
    }
    this.set('WebSocket', PageSocket);
    this.set('fetch', (url: string, init: RequestInit) =>
      fetchFrom(new URL(url, http), init),
    );
    const { host, origin } = new URL(http);
    this.set('location', { host, origin });
    this.set('document', {
      querySelector: (selector: string) => this.element(selector),
    });
    const log = this.listen('console.log');
    this.set('console', { ...console, log });
  }

  /** The page of an application. */
  static of({ ws, http }: Pick<RunningApp, 'ws' | 'http'>): Page {
    return new Page(ws, http);
  }

  element(selector: string): Element {
    const known = this.elements.get(selector);
    const element = known ?? { hidden: false, textContent: '' };
    this.elements.set(selector, element);
    return element;
  }

  /** Puts something into the window. */
  set(name: string, value: unknown): void {
    if (!this.before.has(name)) {
      const before = Object.getOwnPropertyDescriptor(globalThis, name);
      this.before.set(name, before);
    }
    Object.defineProperty(globalThis, name, {
      value,
      configurable: true,
      writable: true,
    });
  }

  /** Puts a function into the window, of which `called` tells. */
  spy(name: string): void {
    this.set(name, this.listen(name));
  }

  /** What a function of the window was called with, call by call. */
  called(name: string): readonly (readonly unknown[])[] {
    return this.calls.get(name) ?? [];
  }

  /** Waits for calls until something is as it should be. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  /** Runs a script of the page; afresh, if it has run already. */
  async load(script: PageScript): Promise<ClientModule> {
    const file = await writeScript(script, `run-${runs++}`);
    const module = (await import(file)) as ClientModule;
    this.loaded.push(module);
    return module;
  }

  [Symbol.dispose](): void {
    for (const { snorky } of this.loaded) snorky?.disconnect();
    for (const [name, before] of this.before) {
      if (before === undefined) Reflect.deleteProperty(globalThis, name);
      else Object.defineProperty(globalThis, name, before);
    }
  }

  private listen(name: string): (...args: unknown[]) => void {
    const calls: unknown[][] = [];
    this.calls.set(name, calls);
    return (...args) => {
      calls.push(args);
      const { waiting } = this;
      this.waiting = [];
      for (const resolve of waiting) resolve();
    };
  }
}
