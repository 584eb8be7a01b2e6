import { transform } from '@swc/core';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  linkDependencies,
  ROOT,
  runScript,
} from '../../package/build-package.js';

/**
 * Makes the to-do app, and the browser file that its pages load, from the
 * sources as they are now, one file each as jest does: that takes no time, and
 * what compilers make of them is tested elsewhere. Gives the file to run.
 */
export async function buildTodo(directory: string): Promise<string> {
  await cp(join(ROOT, 'package.json'), join(directory, 'package.json'));
  await cp(join(ROOT, 'examples'), join(directory, 'examples'), {
    recursive: true,
  });
  await Promise.all([
    linkDependencies(directory),
    emitAll('src', join(directory, 'dist')),
    emitAll('examples', join(directory, 'examples')),
  ]);
  await runScript('build-browser.js', ['--any-size'], directory);
  return join(directory, 'examples/todo/main.js');
}

async function emitAll(from: string, to: string): Promise<void> {
  const names = await readdir(join(ROOT, from), { recursive: true });
  await Promise.all(
    names
      .filter((name) => name.endsWith('.ts'))
      .map((name) => emit(join(ROOT, from, name), join(to, name))),
  );
}

async function emit(source: string, target: string): Promise<void> {
  const { code } = await transform(await readFile(source, 'utf8'), {
    filename: source,
    swcrc: false,
    sourceMaps: false,
    module: { type: 'es6' },
    jsc: {
      target: 'es2022',
      keepClassNames: true,
      parser: { syntax: 'typescript', decorators: true },
      transform: {
        legacyDecorator: true,
        decoratorMetadata: true,
        // As tsconfig.build.client.json has it: the sizes are checked.
        useDefineForClassFields: false,
      },
    },
  });
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target.replace(/ts$/, 'js'), code);
}
