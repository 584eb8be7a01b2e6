import { execFile } from 'node:child_process';
import { cp, mkdtemp, realpath, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { builtOnce } from './built-once.js';

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
 * Makes the package in a directory of its own, so that tests neither need `dist`
 * nor disturb who uses it.
 */
export async function buildPackage(directory: string): Promise<void> {
  await make(directory, 'package', SOURCES, [
    'tsconfig.build.json',
    'tsconfig.build.client.json',
  ]);
}

/** Makes the files for browsers alone, which is much faster. */
export async function buildBrowserFiles(directory: string): Promise<void> {
  await make(directory, 'browser', BROWSER_SOURCES, [
    'tsconfig.build.client.json',
  ]);
}

async function make(
  directory: string,
  kind: string,
  sources: readonly string[],
  projects: readonly string[],
): Promise<void> {
  await prepare(directory, sources);
  const dist = await builtOnce(kind, sources, async (place) => {
    await prepare(place, sources);
    for (const project of projects) {
      await runTool('typescript/bin/tsc', ['-p', project], place);
    }
    await runScript('build-browser.js', [], place);
    return join(place, 'dist');
  });
  await cp(dist, join(directory, 'dist'), { recursive: true });
}

async function prepare(
  directory: string,
  sources: readonly string[],
): Promise<void> {
  for (const name of sources) {
    await cp(join(ROOT, name), join(directory, name), { recursive: true });
  }
  await linkDependencies(directory);
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
