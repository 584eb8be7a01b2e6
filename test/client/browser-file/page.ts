import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { chromium, type Browser } from 'playwright-core';
import { WebSocket } from 'ws';
import { ensureChromium } from '../../../scripts/ensure-chromium.js';

/** Something that runs classic scripts, one after the other. */
export interface Page extends AsyncDisposable {
  /** Runs a script; its variables stay. */
  run(script: string): Promise<void>;
  /** The value of an expression, or what its promise is fulfilled with. */
  value(expression: string): Promise<unknown>;
}

/** Where a browser file has to work. */
export interface Place {
  readonly name: string;
  open(browserFile: string): Promise<Page>;
}

/** The realm that this file is in. */
export const sameRealm: Place = {
  name: 'the realm of its user',
  open: async (browserFile) => {
    const before = new Set(Object.getOwnPropertyNames(globalThis));
    const originals = { WebSocket: globalThis.WebSocket, console };
    Object.assign(globalThis, { WebSocket });
    // By another name it runs scripts of their own. `vm.runInThisContext` would
    // not do: jest has a realm for each file of tests, and vm uses jest's own.
    // oxlint-disable-next-line no-eval
    const evaluate = eval;
    evaluate(await readFile(browserFile, 'utf8'));
    return {
      run: async (script) => void evaluate(script),
      value: async (expression): Promise<unknown> => evaluate(expression),
      [Symbol.asyncDispose]: async () => {
        Object.assign(globalThis, originals);
        for (const name of Object.getOwnPropertyNames(globalThis)) {
          if (!before.has(name)) Reflect.deleteProperty(globalThis, name);
        }
      },
    };
  },
};

/** A realm of its own, with what the connector needs and no window. */
export const otherRealm: Place = {
  name: 'another realm, without a window',
  open: async (browserFile) => {
    const context = createContext({
      ...{ AbortController, console, WebSocket },
      ...{ setTimeout, clearTimeout, setInterval, clearInterval },
    });
    runInContext(await readFile(browserFile, 'utf8'), context);
    return {
      run: async (script) => void runInContext(script, context),
      value: async (expression): Promise<unknown> =>
        runInContext(expression, context) as unknown,
      [Symbol.asyncDispose]: async () => {},
    };
  },
};

let launched: Promise<Browser> | undefined;

function launch(): Promise<Browser> {
  launched ??= chromium.launch({
    executablePath: ensureChromium(),
    args: ['--no-sandbox'],
  });
  return launched;
}

/** Ends the browser of all pages, if one was needed. */
export async function closeBrowser(): Promise<void> {
  await (await launched)?.close();
}

/** A page of a browser. */
const browser: Place = {
  name: 'Chromium',
  open: async (browserFile) => {
    const site = createServer((request, response) => {
      if (request.url === '/snorky.js') {
        void readFile(browserFile).then((script) => response.end(script));
        return;
      }
      response.setHeader('Content-Type', 'text/html');
      response.end('<!doctype html><script src="/snorky.js"></script>');
    });
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
    const { port } = site.address() as AddressInfo;
    const page = await (await launch()).newPage();
    await page.goto(`http://127.0.0.1:${port}/`);
    return {
      run: async (content) => {
        const script = await page.addScriptTag({ content });
        await script.dispose();
      },
      value: (expression) => page.evaluate(expression),
      [Symbol.asyncDispose]: async () => {
        await page.close();
        site.close();
      },
    };
  },
};

export const PLACES: readonly Place[] = [sameRealm, otherRealm, browser];

/** The files that the build makes. */
export const FILES = ['snorky.js', 'snorky.min.js'] as const;

/** Every place with every file, for `describe.each`. */
export const EVERYWHERE = FILES.flatMap((file) =>
  PLACES.map((place) => ({ file, place, where: place.name })),
);

/** Where the build has put a file. */
export function browserFile(directory: string, name: string): string {
  return join(directory, 'dist/browser', name);
}
