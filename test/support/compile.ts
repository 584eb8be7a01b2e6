import { transform } from '@swc/core';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Compiles the sources and a program for a process of its own, one file each, as
 * jest does. Not the package's own build: that one checks types, and has one
 * folder for all.
 *
 * @param program Its path from the root of the project.
 * @returns The path of the compiled program.
 */
export async function compileProgram(
  program: string,
  folder: string,
): Promise<string> {
  const names = await readdir(join(ROOT, 'src'), { recursive: true });
  const sources = names
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join('src', name));
  await Promise.all([...sources, program].map((name) => emit(name, folder)));
  return join(folder, program.replace(/\.ts$/, '.js'));
}

async function emit(name: string, folder: string): Promise<void> {
  const source = await readFile(join(ROOT, name), 'utf8');
  const src = relative(dirname(name), 'src');
  const { code } = await transform(
    source
      .replaceAll("from 'snorky'", `from '${src}/index.js'`)
      .replaceAll("from 'snorky/testing'", `from '${src}/testing/index.js'`),
    {
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
    },
  );
  const target = join(folder, name.replace(/\.ts$/, '.js'));
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, code);
}
