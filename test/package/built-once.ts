import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
} from 'node:fs/promises';
import { join } from 'node:path';
import { lock } from './lock.js';

const ROOT = join(import.meta.dirname, '../..');
const KEPT = join(ROOT, '.build/test-builds');
/** Milliseconds. Older ones are of sources that have changed since. */
const MEMORY = 86_400_000;

/**
 * Builds something once for all test files that need it, as long as what it is
 * made of stays the same to the byte: compilers check all types each time.
 *
 * @param kind What is built.
 * @param sources Files and folders of this tree.
 * @param build Builds in an empty directory, and gives the folder with what was
 *   built.
 * @returns That folder, which nobody may change.
 */
export async function builtOnce(
  kind: string,
  sources: readonly string[],
  build: (place: string) => Promise<string>,
): Promise<string> {
  await mkdir(KEPT, { recursive: true });
  const name = `${kind}-${await hashOf([...sources, ...ALWAYS])}`;
  const built = join(KEPT, name);
  if (existsSync(built)) return built;
  const release = await lock(`${built}.lock`);
  try {
    // Perhaps who had the lock before has made it.
    if (!existsSync(built)) await make(kind, built, build);
  } finally {
    await release();
  }
  return built;
}

async function make(
  kind: string,
  built: string,
  build: (place: string) => Promise<string>,
): Promise<void> {
  await forgetOld();
  const place = await mkdtemp(join(KEPT, `making-${kind}-`));
  try {
    const made = await build(place);
    // Nobody ever sees a part of it.
    await rename(made, built);
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

/** What decides about every build. */
const ALWAYS = ['package-lock.json', 'scripts/build-browser.js'];

async function hashOf(sources: readonly string[]): Promise<string> {
  const hash = createHash('sha256').update(process.version);
  for (const source of sources) {
    for (const file of await filesOf(source)) {
      hash.update(`\0${file}\0`).update(await readFile(join(ROOT, file)));
    }
  }
  return hash.digest('hex').slice(0, 16);
}

async function filesOf(source: string): Promise<string[]> {
  if ((await stat(join(ROOT, source))).isFile()) return [source];
  const entries = await readdir(join(ROOT, source), {
    recursive: true,
    withFileTypes: true,
  });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) =>
      join(parentPath, name).slice(ROOT.length + 1),
    )
    .sort();
}

async function forgetOld(): Promise<void> {
  for (const name of await readdir(KEPT)) {
    const { mtimeMs } = await stat(join(KEPT, name)).catch(() => ({
      mtimeMs: Infinity,
    }));
    if (Date.now() - mtimeMs < MEMORY) continue;
    await rm(join(KEPT, name), { recursive: true, force: true });
  }
}
