import { describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/** The folders that CONTRIBUTING lists as those that mirror nothing. */
const SPECIAL = [
  ...readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8').matchAll(
    /^\| `(test\/[\w/-]+)` +\|/gm,
  ),
].map(([, folder = '']) => folder);

/** Folders with tests, as paths from the root. */
function foldersWithTests(): string[] {
  const files = readdirSync(join(ROOT, 'test'), { recursive: true });
  const folders = files
    .map((file) => join('test', String(file)).split(sep).join('/'))
    .filter((file) => file.endsWith('.spec.ts'))
    .map((file) => dirname(file));
  return [...new Set(folders)].sort();
}

function isIn(folder: string, other: string): boolean {
  return `${folder}/`.startsWith(`${other}/`);
}

/** The folders that are neither special nor named like a folder of `src`. */
function strays(
  folders: readonly string[],
  special: readonly string[],
): string[] {
  return folders
    .filter((folder) => !special.some((other) => isIn(folder, other)))
    .filter((folder) => !existsSync(join(ROOT, mirrored(folder))));
}

function mirrored(folder: string): string {
  return folder.replace(/^test/, 'src');
}

describe('The folders of tests', () => {
  it('mirror those of src, or are in the list of CONTRIBUTING', () => {
    expect(strays(foldersWithTests(), SPECIAL)).toEqual([]);
  });

  it('are listed where they mirror nothing, and there alone', () => {
    const inUse = [...foldersWithTests(), 'test/contract', 'test/support'];
    const idle = SPECIAL.filter(
      (special) => !inUse.some((folder) => isIn(folder, special)),
    );
    const needless = SPECIAL.filter((folder) =>
      existsSync(join(ROOT, mirrored(folder))),
    );
    expect({ idle, needless }).toEqual({ idle: [], needless: [] });
  });

  it('are told by their whole names, at any depth', () => {
    const folders = [
      'test/core/rpc',
      'test/core/nowhere',
      'test/docs/deep',
      'test/docsets',
    ];
    expect(strays(folders, ['test/docs'])).toEqual([
      'test/core/nowhere',
      'test/docsets',
    ]);
  });
});
