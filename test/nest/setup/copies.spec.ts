import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  compileFile,
  installCopy,
  ROOT,
} from '../../support/programs/compile.js';

/** A monorepo, and an application in it that has brought a copy of its own. */
const FOLDER = join(ROOT, '.build', `copies-${process.pid}`);
const NESTED = join(FOLDER, 'apps/api');
const OUTER_COPY = `version 0.9.1 in ${join(FOLDER, 'node_modules/snorky')}`;
const NESTED_COPY = `version 0.9.2 in ${join(NESTED, 'node_modules/snorky')}`;
const REMEDY =
  '`npm ls snorky` shows who asks for which; give all of them one version, ' +
  'then run `npm dedupe`.';

/** Loads a copy where one of another version has been loaded. */
const AFTER_ANOTHER = `
  import { pathToFileURL } from 'node:url';
  const [other, copy] = process.argv.slice(1).map((path) => pathToFileURL(path));
  globalThis[Symbol.for('snorky:copies')] = {
    loaded: new Set([other.href]),
    classes: new WeakMap(),
    adapters: new WeakMap(),
  };
  await import(copy.href);
`;

interface Failure {
  readonly code?: string;
  readonly message: string;
}

/** What comes of each application that is made of both. */
async function outcomes(
  first: string,
  second: string,
): Promise<{
  readonly of: Readonly<Record<string, Failure | 'started'>>;
  readonly stderr: string;
}> {
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    [join(FOLDER, 'program.js'), first, second],
    { timeout: 60_000 },
  );
  return { of: JSON.parse(stdout) as Record<string, Failure>, stderr };
}

describe('An application made of two copies of the package', () => {
  const outer = join(FOLDER, 'snorky.js');
  const nested = join(NESTED, 'snorky.js');
  let there: Awaited<ReturnType<typeof outcomes>>;
  let back: Awaited<ReturnType<typeof outcomes>>;

  beforeAll(async () => {
    await installCopy(FOLDER, '0.9.1');
    await installCopy(NESTED, '0.9.2');
    for (const file of [outer, nested]) {
      await writeFile(file, `export * from 'snorky';\n`);
    }
    await compileFile(
      'test/nest/setup/copies.program.ts',
      join(FOLDER, 'program.js'),
    );
    there = await outcomes(outer, nested);
    back = await outcomes(nested, outer);
  }, 120_000);

  afterAll(() => rm(FOLDER, { recursive: true, force: true }));

  it.each([
    ['a bundled module', 'PubSubService, PubSubBackend'],
    ['the root module', 'SnorkyModule'],
    ['two root modules', 'SnorkyModule'],
    ['a feature', 'SnorkyFeatureModule'],
    ['the decorators of a service', 'Calculator'],
    ['the decorators of commands', 'Whole'],
    ['the decorator of a gateway', 'Gateway'],
    ['the base class of a bundled service', 'Publish'],
    ['the base class of a dealer', 'Tasks'],
    ['the base class of a dealer, as an instance', 'Tasks'],
    ['the decorator of a route', 'Route'],
    ['the adapter', 'SnorkyWsAdapter'],
  ])('is told where both are: %s', (name, part) => {
    for (const { of } of [there, back]) {
      const { code, message } = of[name] as Failure;
      expect(code).toBe('SNORKY_COPIES');
      expect(message).toMatch(
        /^Several copies of snorky are in one application, and they share nothing: /,
      );
      expect(message).toContain(`${OUTER_COPY} (`);
      expect(message).toContain(`${NESTED_COPY} (`);
      expect(message).toContain(part);
      expect(message).toContain(`. Have one of them: ${REMEDY}`);
    }
  });

  it('has a warning where Nest fails first', () => {
    for (const { of, stderr } of [there, back]) {
      const { message } = of['a class that is injected'] as Failure;
      expect(message).toContain("can't resolve dependencies of the User");
      expect(stderr.match(/SNORKY_COPIES/g)).toHaveLength(1);
      expect(stderr).toContain(OUTER_COPY);
      expect(stderr).toContain(NESTED_COPY);
      expect(stderr).toContain(REMEDY);
    }
  });

  it('has a warning that finds a version whose files lie elsewhere', async () => {
    const elsewhere = join(NESTED, 'node_modules/snorky/dist/elsewhere.js');
    const { stderr } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', AFTER_ANOTHER, elsewhere, outer],
      { timeout: 60_000 },
    );
    expect(stderr).toContain(NESTED_COPY);
    expect(stderr).toContain(OUTER_COPY);
  }, 60_000);

  it('is not what two applications of one process are', () => {
    for (const { of } of [there, back]) {
      expect(of['nothing']).toBe('started');
      expect(of['another application']).toBe('started');
    }
  });

  it('is not what one copy is that two files load', async () => {
    const { of, stderr } = await outcomes(outer, outer);
    expect(stderr).toBe('');
    const codes = Object.values(of).map((one) =>
      one === 'started' ? one : one.code,
    );
    expect(codes).not.toContain('SNORKY_COPIES');
  }, 60_000);
});
