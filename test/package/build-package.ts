import { execFile } from 'node:child_process';
import { cp, mkdtemp, realpath, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The root of this tree. */
export const ROOT: string = join(import.meta.dirname, '../..');

/** An empty directory, which the caller removes. */
export async function temporaryDirectory(name: string): Promise<string> {
  return realpath(await mkdtemp(join(tmpdir(), `snorky-${name}-`)));
}

/**
 * Runs a package's command.
 *
 * @throws Error with what it printed, when it fails.
 */
export async function runTool(
  path: string,
  args: readonly string[],
  cwd: string,
): Promise<string> {
  try {
    const { stdout } = await run(
      process.execPath,
      [join(ROOT, 'node_modules', path), ...args],
      { cwd, maxBuffer: 2 ** 26 },
    );
    return stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as Record<string, string>;
    throw new Error(`${path} failed:\n${stdout}${stderr}`, { cause: error });
  }
}

/**
 * Builds the package in a directory of its own, so that tests neither need
 * `dist` nor disturb who uses it.
 */
export async function buildPackage(directory: string): Promise<void> {
  for (const name of SOURCES) {
    await cp(join(ROOT, name), join(directory, name), { recursive: true });
  }
  await linkDependencies(directory);
  await runTool('typescript/bin/tsc', ['-p', 'tsconfig.build.json'], directory);
}

const SOURCES = [
  'src',
  'tsconfig.json',
  'tsconfig.build.json',
  'package.json',
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
];

/** Lends a directory the packages that are installed here. */
export async function linkDependencies(directory: string): Promise<void> {
  await symlink(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
}
