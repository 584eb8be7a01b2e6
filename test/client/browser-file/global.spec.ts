import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import * as face from 'snorky/client';
import {
  buildBrowserFiles,
  ROOT,
  runScript,
  temporaryDirectory,
} from '../../package/build-package.js';
import { browserFile, FILES, otherRealm } from './page.js';
import { startServer } from './server.js';

let directory: string;

beforeAll(async () => {
  directory = await temporaryDirectory('global');
  await buildBrowserFiles(directory);
}, 120_000);
afterAll(() => rm(directory, { recursive: true, force: true }));

describe.each(FILES)('The global Snorky of %s', (file) => {
  const read = (suffix = ''): Promise<string> =>
    readFile(browserFile(directory, file) + suffix, 'utf8');

  it('has all that snorky/client exports', async () => {
    await using page = await otherRealm.open(browserFile(directory, file));
    for (const [name, member] of Object.entries(face)) {
      if (member === face.Snorky) continue;
      const type = await page.value(`typeof Snorky.${name}`);
      expect([name, type]).toEqual([name, typeof member]);
    }
    expect(await page.value('Object.keys(Snorky.DataSync).sort()')).toEqual([
      ...['ArrayCollection', 'Collection', 'CollectionDeltaProcessor'],
      ...['Iterator', 'SingleItemCollection'],
    ]);
    expect(
      await page.value('[typeof Snorky.Class, typeof Snorky.Promise]'),
    ).toEqual(['function', 'function']);
  });

  it('is the only global, and needs none but those of the language', async () => {
    const context = createContext({});
    runInContext(await read(), context);
    expect(Object.keys(context)).toEqual(['Snorky']);
  });

  it('says what it is and under which license', async () => {
    const { version } = JSON.parse(
      await readFile(join(ROOT, 'package.json'), 'utf8'),
    ) as { version: string };
    expect(await read()).toMatch(`/*! snorky ${version} | MIT */`);
  });

  it('makes its promises and signals of the classes that replace its own', async () => {
    await using server = await startServer();
    await using page = await otherRealm.open(browserFile(directory, file));
    await page.run(`
      var OwnPromise = class extends Promise {};
      var OwnSignal = Snorky.Class(Snorky.Signal, {});
      Snorky.Promise = OwnPromise;
      Snorky.Signal = OwnSignal;
      var snorky = new Snorky(WebSocket, '${server.ws}/ws', {
        pubsub: Snorky.RPCService
      });
      var made = snorky.services.pubsub.rpcCall('subscribe');
    `);
    expect(
      await page.value(`[
        made instanceof OwnPromise,
        snorky.connected instanceof OwnSignal,
        snorky.services.pubsub.notificationReceived instanceof OwnSignal
      ]`),
    ).toEqual([true, true, true]);
    expect(await page.value('made')).toBeNull();
    await page.run('snorky.disconnect();');
  });

  it('leads debuggers to its sources, and tells no path', async () => {
    const code = await read();
    expect(code).toMatch(
      new RegExp(
        `\n//# sourceMappingURL=${file.replaceAll('.', '\\.')}\\.map\n$`,
      ),
    );
    const text = await read('.map');
    for (const path of [ROOT, directory]) {
      expect(code.includes(path) || text.includes(path)).toBe(false);
    }
    const map = JSON.parse(text) as {
      readonly sources: readonly string[];
      readonly sourcesContent: readonly string[];
      readonly mappings: string;
    };
    expect(map.sources).toContain('../../src/client/snorky.ts');
    const at = map.sources.indexOf('../../src/client/snorky.ts');
    expect(map.sourcesContent[at]).toBe(
      await readFile(join(ROOT, 'src/client/snorky.ts'), 'utf8'),
    );
    expect(map.sourcesContent).toHaveLength(map.sources.length);
    expect(map.mappings.length).toBeGreaterThan(1000);
  });
});

describe('The script that makes the files', () => {
  /** Makes the files of a package that consists of these modules. */
  async function make(modules: Readonly<Record<string, string>>): Promise<{
    printed: string;
    written: readonly string[];
    index: string;
  }> {
    const work = await temporaryDirectory('script');
    try {
      const client = join(work, 'dist/client');
      await mkdir(client, { recursive: true });
      await writeFile(
        join(work, 'package.json'),
        '{"name":"snorky","version":"1.2.3","license":"MIT","type":"module"}',
      );
      for (const [name, source] of Object.entries(modules)) {
        const path = join(client, name);
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, source);
      }
      const printed = await runScript('build-browser.js', [], work);
      return {
        printed,
        written: await readdir(join(work, 'dist/browser')),
        index: await readFile(join(client, 'index.js'), 'utf8'),
      };
    } finally {
      await rm(work, { recursive: true });
    }
  }

  const GLOBAL =
    'export function makeGlobal(face) { globalThis.Snorky = face; }';
  const index =
    'export const Snorky = 1, rpc = 2, DataSync = 3, liveCollection = "rows", ' +
    'rest = "0123456789";';

  it('tells what a page has to load', async () => {
    const { printed, written } = await make({
      'index.js': index,
      'browser.js': GLOBAL,
    });
    expect(written).toEqual([
      ...['snorky.js', 'snorky.js.map', 'snorky.min.js', 'snorky.min.js.map'],
    ]);
    const [head, ...rows] = printed.trimEnd().split('\n');
    expect(head).toMatch(/^bytes +readable +minified +gzipped +limit$/);
    expect(rows).toHaveLength(4);
    const sizes = rows.map((row) => /(\d+) +(\d+)$/.exec(row) ?? []);
    const [, calls, live, all] = sizes.map(([, gzipped]) => Number(gzipped));
    expect(calls).toBeLessThan(live ?? 0);
    expect(live).toBeLessThan(all ?? 0);
    const limits = [15.7, 5.3, 10.8, 15.2].map((kib) => Math.floor(kib * 1024));
    expect(sizes.map(([, , limit]) => Number(limit))).toEqual(limits);
  });

  it('shortens internal members in the modules, too, and nothing else', async () => {
    const members =
      ' export class Own { $internal() { return this.$other; } $x = 1; own = 2; }';
    const made = await make({
      'index.js': index + members,
      'browser.js': GLOBAL,
    });
    expect(made.index).not.toMatch(/\$internal|\$other/);
    expect(made.index).toMatch(/\$[ab]\(\) \{\s*return this\.\$[ab];/);
    expect(made.index).toMatch(/\$x = 1;\s*own = 2/);
  });

  it('fails when that is more than it may be', async () => {
    const noise = Array.from({ length: 4000 }, (_, i) => Math.sin(i) * 2 ** 40);
    await expect(
      make({
        'index.js': index,
        'browser.js': `${GLOBAL} globalThis.noise = [${noise.join()}];`,
      }),
    ).rejects.toThrow(
      /snorky\.min\.js: \d+ bytes are more than the limit of 16076\./,
    );
    await expect(
      make({
        'index.js': `${index}; export const noise = [${noise.join()}];`,
        'browser.js': GLOBAL,
      }),
    ).rejects.toThrow(/everything: \*: \d+ bytes are more than the limit/);
    await expect(
      make({
        'index.js': index.replace('rpc = 2', `rpc = [${noise.join()}]`),
        'browser.js': GLOBAL,
      }),
    ).rejects.toThrow(/calls: .*: \d+ bytes are more than the limit of 5427/);
  });

  it.each([
    ['a module of Node', "import 'node:fs';", /Could not resolve "node:fs"/],
    [
      'a package that is there',
      "import 'other';",
      /imports node_modules\/other\/index.js/,
    ],
    [
      'another part of this one',
      "import '../core.js';",
      /imports dist\/core\.js/,
    ],
  ])('fails on the import of %s', async (_name, statement, problem) => {
    const work = make({
      'browser.js': `${statement}\n${GLOBAL}`,
      'index.js': index,
      '../core.js': 'globalThis.core = 1;',
      '../../node_modules/other/index.js': 'globalThis.other = 1;',
    });
    await expect(work).rejects.toThrow(problem);
  });
});
