import { transform } from '@swc/core';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  linkDependencies,
  ROOT,
  runScript,
} from '../../package/build-package.js';
import { builtOnce } from '../../package/built-once.js';

/** How it is made decides, too. */
const BUILD = 'test/browser/support/build-todo.ts';

/**
 * Makes the to-do app, and the browser file that its pages load, from the
 * sources as they are now, one file each as jest does: that takes no time, and
 * what compilers make of them is tested elsewhere. Gives the file to run, which
 * all test files share.
 */
export async function buildTodo(): Promise<string> {
  const sources = ['src', 'examples', 'package.json', BUILD];
  const app = await builtOnce('todo', sources, async (place) => {
    await cp(join(ROOT, 'package.json'), join(place, 'package.json'));
    await cp(join(ROOT, 'examples'), join(place, 'examples'), {
      recursive: true,
    });
    await Promise.all([
      linkDependencies(place),
      emitAll('src', join(place, 'dist')),
      emitAll('examples', join(place, 'examples')),
    ]);
    await runScript('build-browser.js', ['--any-size'], place);
    return place;
  });
  return join(app, 'examples/todo/main.js');
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
