import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KINDS, LAYERS } from '../../scripts/lint/layers.js';

const ROOT = join(import.meta.dirname, '../..');
const PAGE = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8');

/** Files that a page names, each with what it says is in there. */
const named = [
  ...PAGE.matchAll(/`((?:src|test)\/[\w./-]+\.ts)`(?: \(`([\w.]+)`\))?/g),
].map(([, path = '', name = '']) => [path, name] as const);

/** Folders and files of CONTRIBUTING, patterns apart. */
const places = [
  ...readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8').matchAll(
    /`((?:src|test|scripts|bench|docs)\/[\w./-]+)`/g,
  ),
].map(([, path = '']) => path);

/** The rows of the table of layers, which may come before their first file. */
const ROWS = [
  ...LAYERS.map(({ folder }) => `src/${folder}`),
  ...KINDS.map(({ files, layer }) => `src/${layer}/${files}`),
];

describe('The page about the architecture', () => {
  it.each(named)('names %s: %s', async (path, name) => {
    const text = await readFile(join(ROOT, path), 'utf8');
    // A whole word: a file with `nextTick` does not have what is called `next`.
    expect(['', ...text.split(/\W+/)]).toContain(name);
  });

  it('names every folder through which a message goes', () => {
    expect(
      new Set(named.map(([path]) => path.split('/', 2).join('/'))),
    ).toEqual(
      new Set([
        ...['broker', 'client', 'core', 'nest', 'protocol', 'services'].map(
          (folder) => `src/${folder}`,
        ),
        ...['src/transports', 'test/contract'],
      ]),
    );
  });
});

describe('The page for contributors', () => {
  it.each([...new Set(places)].filter((path) => !ROWS.includes(path)))(
    'names %s, which is there',
    async (path) => {
      const parent = join(ROOT, path, '..');
      expect(await readdir(parent)).toContain(path.split('/').at(-1));
    },
  );
});
