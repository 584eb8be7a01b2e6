import { transform } from '@swc/core';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of this tree. */
export const ROOT: string = fileURLToPath(new URL('../../..', import.meta.url));

/**
 * Compiles a file of this tree as Jest does, without checking types.
 *
 * @param name Relative to the root of the tree.
 * @param target The JavaScript file to write.
 * @param adapt Changes the source first.
 */
export async function compileFile(
  name: string,
  target: string,
  adapt: (source: string) => string = (source) => source,
): Promise<void> {
  const source = await readFile(join(ROOT, name), 'utf8');
  const { code } = await transform(adapt(source), {
    filename: name,
    swcrc: false,
    sourceMaps: false,
    module: { type: 'es6' },
    jsc: {
      target: 'es2022',
      keepClassNames: true,
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true },
    },
  });
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, code);
}

/**
 * Compiles the sources of the package as they are now, one file each. Not the
 * package's own build: that one checks types, and has one folder for all.
 *
 * @param folder What stands for `src`.
 */
export async function compileSources(folder: string): Promise<void> {
  const names = await readdir(join(ROOT, 'src'), { recursive: true });
  await Promise.all(
    names
      .filter((name) => name.endsWith('.ts'))
      .map((name) =>
        compileFile(
          join('src', name),
          join(folder, name.replace(/\.ts$/, '.js')),
        ),
      ),
  );
}

/**
 * Compiles the sources and a program for a process of its own, which imports
 * them by the package's name.
 *
 * @param program Its path from the root of the project.
 * @returns The path of the compiled program.
 */
export async function compileProgram(
  program: string,
  folder: string,
): Promise<string> {
  const src = relative(dirname(program), 'src');
  const target = join(folder, program.replace(/\.ts$/, '.js'));
  await compileSources(join(folder, 'src'));
  await compileFile(program, target, (source) =>
    source
      .replaceAll("from 'snorky'", `from '${src}/index.js'`)
      .replaceAll("from 'snorky/testing'", `from '${src}/testing/index.js'`),
  );
  return target;
}

/**
 * Puts a copy of the package where an application in `folder` finds it by its
 * name, as an installation would.
 *
 * @param version What the copy says it is. Default: what this tree is.
 */
export async function installCopy(
  folder: string,
  version?: string,
): Promise<void> {
  const manifest = JSON.parse(
    await readFile(join(ROOT, 'package.json'), 'utf8'),
  ) as Record<string, unknown>;
  const copy = join(folder, 'node_modules/snorky');
  await compileSources(join(copy, 'dist'));
  await writeFile(
    join(copy, 'package.json'),
    JSON.stringify({ ...manifest, version: version ?? manifest['version'] }),
  );
  // Otherwise it would be a part of this tree, and find this tree by the name.
  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'application', private: true, type: 'module' }),
  );
}
