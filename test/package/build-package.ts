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
export function runTool(
  path: string,
  args: readonly string[],
  cwd: string,
): Promise<string> {
  return runNode(join('node_modules', path), args, cwd);
}

/** Runs a script of this tree, like `runTool`. */
export function runScript(
  name: string,
  args: readonly string[],
  cwd: string,
): Promise<string> {
  return runNode(join('scripts', name), args, cwd);
}

async function runNode(
  path: string,
  args: readonly string[],
  cwd: string,
): Promise<string> {
  try {
    const { stdout } = await run(
      process.execPath,
      [join(ROOT, path), ...args],
      {
        cwd,
        maxBuffer: 2 ** 26,
      },
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
  for (const project of ['tsconfig.build.json', 'tsconfig.build.client.json']) {
    await runTool('typescript/bin/tsc', ['-p', project], directory);
  }
  await runScript('build-browser.js', [], directory);
}

/** Builds the files for browsers alone, which is much faster. */
export async function buildBrowserFiles(directory: string): Promise<void> {
  for (const name of BROWSER_SOURCES) {
    await cp(join(ROOT, name), join(directory, name), { recursive: true });
  }
  await linkDependencies(directory);
  await runTool(
    'typescript/bin/tsc',
    ['-p', 'tsconfig.build.client.json'],
    directory,
  );
  await runScript('build-browser.js', [], directory);
}

const SOURCES = [
  'src',
  'tsconfig.json',
  'tsconfig.build.json',
  'tsconfig.build.client.json',
  'package.json',
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
  'SECURITY.md',
  'docs',
];

const BROWSER_SOURCES = [
  'src/client',
  'src/protocol',
  'tsconfig.json',
  'tsconfig.build.json',
  'tsconfig.build.client.json',
  'package.json',
];

/** Lends a directory the packages that are installed here. */
export async function linkDependencies(directory: string): Promise<void> {
  await symlink(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
}
