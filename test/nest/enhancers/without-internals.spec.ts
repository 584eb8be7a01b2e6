import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileProgram } from '../../support/programs/compile.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const FOLDER = join(ROOT, '.build', `without-internals-${process.pid}`);
const PROGRAM = 'test/nest/enhancers/without-internals.program.ts';

/** Refuses what only Nest's own packages may import. */
const NO_INTERNALS = `
export async function resolve(specifier, context, next) {
  const own = (context.parentURL ?? '').includes('/without-internals-');
  if (own && /^@nestjs\\/\\w+\\/./.test(specifier)) {
    throw new Error(specifier + ' is gone');
  }
  return next(specifier, context);
}`;

/** Renames, or hides, the field in which Nest's creators have their settings. */
const settings = (name: string): string => `
export async function load(url, context, next) {
  const loaded = await next(url, context);
  if (!/-context(-creator)?\\.js$|\\/container\\.js$/.test(url)) return loaded;
  const source = String(loaded.source)
    .replace(/\\bthis\\.(config|_applicationConfig)\\b/g, 'this.${name}')
    .replace(/^    (config|_applicationConfig);/m, '    ${name};');
  return { ...loaded, source };
}`;

let program: string;

beforeAll(async () => {
  program = await compileProgram(PROGRAM, FOLDER);
}, 30_000);

afterAll(() => rm(FOLDER, { recursive: true, force: true }));

/** What the program has found out, with hooks on how modules are loaded. */
async function run(hooks: string): Promise<unknown> {
  const hooksUrl = `data:text/javascript,${encodeURIComponent(hooks)}`;
  const register = `
    import { register } from 'node:module';
    register(${JSON.stringify(hooksUrl)});`;
  const child = fork(program, [], {
    execArgv: [
      '--import',
      `data:text/javascript,${encodeURIComponent(register)}`,
    ],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  try {
    const [found] = (await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(([code]) => [`ended with ${String(code)}`]),
    ])) as unknown[];
    return found;
  } finally {
    child.kill();
  }
}

const ANSWERS = {
  open: 'open',
  closed: 'Forbidden resource',
  never: 'Forbidden resource',
};

describe('On a Nest that is another inside', () => {
  it('guards run although nothing private can be imported', async () => {
    expect(await run(NO_INTERNALS)).toEqual(ANSWERS);
  }, 20_000);

  it('global guards run although their place has another name', async () => {
    expect(await run(settings('renamed'))).toEqual(ANSWERS);
  }, 20_000);

  it('the start stops when global guards cannot be found', async () => {
    expect(await run(settings('#hidden'))).toEqual({
      code: 'SNORKY_NEST_UNKNOWN',
    });
  }, 20_000);
});
