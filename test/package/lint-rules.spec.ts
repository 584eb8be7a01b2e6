import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import {
  cp,
  mkdir,
  mkdtemp,
  readdir,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { KINDS, LAYERS, ROOMS } from '../../scripts/lint/layers.js';

const ROOT = join(import.meta.dirname, '../..');
const SRC = join(ROOT, 'src');
const FOLDERS = LAYERS.map(({ folder }) => folder);

/** Written once more, by hand: who changes the table says so here, too. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  broker: ['protocol'],
  core: ['protocol', 'broker'],
  transports: ['protocol', 'broker', 'core'],
  nest: ['protocol', 'broker', 'core', 'transports'],
  services: ['protocol', 'broker', 'core', 'transports', 'nest'],
  client: ['protocol'],
  backend: ['protocol'],
  integrations: ['protocol', 'client', 'backend', 'services'],
  testing: FOLDERS.filter((name) => name !== 'cli'),
  cli: FOLDERS.filter((name) => name !== 'testing'),
};

/** Files, and the one rule that each of them breaks: null where none. */
const files = new Map<string, { code: string; breaks: string | null }>();
const RESTRICTED = 'eslint(no-restricted-imports)';

function file(path: string, code: string, breaks: string | null): void {
  files.set(path, { code, breaks });
}

for (const from of FOLDERS) {
  for (const to of FOLDERS) {
    if (from === to) continue;
    const allowed = MAY_IMPORT[from]?.includes(to) === true;
    file(
      `src/${from}/one/imports-${to}.ts`,
      `export { x } from '../../${to}/x.js';\n`,
      allowed ? null : RESTRICTED,
    );
    file(
      `src/${from}/imports-type-of-${to}.ts`,
      `import type { X } from '../${to}/x.js';\nexport type Y = X;\n`,
      allowed ? null : RESTRICTED,
    );
  }
  file(
    `src/${from}/imports-barrel.ts`,
    "export { x } from './things/index.js';\n",
    RESTRICTED,
  );
  file(
    `src/${from}/imports-itself.ts`,
    "export { x } from 'snorky';\n",
    RESTRICTED,
  );
  file(`src/${from}/imports-sibling.ts`, "export { x } from './x.js';\n", null);
  file(
    `src/${from}/imports-nest-internal.ts`,
    "export { x } from '@nestjs/core/internal';\n",
    RESTRICTED,
  );
  file(
    `src/${from}/imports-nest-deep.ts`,
    "export { x } from '@nestjs/core/injector/x.js';\n",
    RESTRICTED,
  );
}

/** What is in the same folder as a room, from the folder above it. */
function parentOf(folder: string): string {
  return folder.slice(0, folder.lastIndexOf('/'));
}

for (const { folder, rooms, hall } of ROOMS) {
  const beside = parentOf(folder);
  for (const { folder: other } of ROOMS) {
    if (other === folder || parentOf(other) !== beside) continue;
    const name = other.slice(beside.length + 1);
    file(
      `src/${folder}/imports-${name}.ts`,
      `export { x } from '../${name}/x.js';\n`,
      rooms.includes(other) ? null : RESTRICTED,
    );
    file(
      `src/${folder}/imports-type-of-${name}.ts`,
      `import type { X } from '../${name}/x.js';\nexport type Y = X;\n`,
      rooms.includes(other) ? null : RESTRICTED,
    );
  }
  file(
    `src/${folder}/imports-what-is-beside.ts`,
    "export { x } from '../x.js';\n",
    hall === false ? RESTRICTED : null,
  );
}

const NEST_FREE = [
  'protocol/x',
  'broker/x',
  'core/x',
  'transports/websocket/x',
  'services/chat/chat.engine',
  'services/datasync/filter/x',
  'client/x',
  'backend/x',
];
const WITH_NEST = [
  'nest/x',
  'services/chat/chat.service',
  'services/datasync/x',
  'backend/nest',
  'integrations/typeorm/x',
  'testing/x',
];
for (const place of [...NEST_FREE, ...WITH_NEST]) {
  file(
    `src/${place}.ts`,
    "import { Module } from '@nestjs/common';\nexport const x = Module;\n",
    NEST_FREE.includes(place) ? RESTRICTED : null,
  );
}
file(
  'src/services/cursors/cursors.engine.ts',
  "export { x } from '../../nest/x.js';\n",
  RESTRICTED,
);
file(
  'src/services/pubsub/pubsub.engine.ts',
  "export { x } from '../datasync/x.js';\n",
  RESTRICTED,
);
file(
  'src/services/datasync/filter/imports-nest-layer.ts',
  "export { x } from '../../../nest/setup/x.js';\n",
  RESTRICTED,
);
file(
  'src/services/datasync/filter/imports-pubsub.ts',
  "export { x } from '../../pubsub/x.js';\n",
  RESTRICTED,
);
file(
  'src/nest/setup/nest-internals.ts',
  "export { x } from '@nestjs/core/internal';\n",
  RESTRICTED,
);
for (const specifier of ['ws', 'node:events', 'class-validator']) {
  const name = specifier.replace(':', '-');
  const code = `import * as x from '${specifier}';\nexport const y = x;\n`;
  file(`src/protocol/imports-${name}.ts`, code, RESTRICTED);
  file(`src/transports/http/imports-${name}.ts`, code, null);
}
file(
  'src/client/imports-node.ts',
  "import { once } from 'node:events';\nexport const x = once;\n",
  RESTRICTED,
);
file('src/index.ts', "export { x } from './testing/x.js';\n", RESTRICTED);
file(
  'examples/app/main.ts',
  "import { x } from '../../src/nest/x.js';\nexport const y = x;\n",
  RESTRICTED,
);
file(
  'examples/app/app.module.ts',
  "import { x } from 'snorky';\nexport const y = x;\n",
  null,
);

for (const from of ['bench', 'harness']) {
  for (const to of ['test', 'src', 'bench', 'examples', 'harness']) {
    const allowed = to !== 'test' && (from === 'bench' || to === 'harness');
    file(
      `${from}/one/imports-${to}.ts`,
      `import { x } from '../../${to}/x.js';\nexport const y = x;\n`,
      allowed ? null : RESTRICTED,
    );
  }
}

file(
  'src/core/cycle-a.ts',
  "import { b } from './cycle-b.js';\nexport const a = (): number => b;\n",
  'import(no-cycle)',
);
file(
  'src/core/cycle-b.ts',
  "import { a } from './cycle-a.js';\nexport const b = a();\n",
  'import(no-cycle)',
);
file(
  'src/core/types-cycle-a.ts',
  "import type { B } from './types-cycle-b.js';\nexport interface A { b: B }\n",
  'import(no-cycle)',
);
file(
  'src/core/types-cycle-b.ts',
  "import type { A } from './types-cycle-a.js';\nexport interface B { a: A }\n",
  'import(no-cycle)',
);

const promise = 'declare function later(): Promise<boolean>;\n';
file(
  'src/core/any.ts',
  'const x: any = 1;\nexport const y = typeof x;\n',
  'typescript(no-explicit-any)',
);
file(
  'src/core/floating.ts',
  `${promise}export function x(): void { later(); }\n`,
  'typescript(no-floating-promises)',
);
file(
  'src/core/misused.ts',
  `${promise}export function x(): number { if (later()) return 1; return 2; }\n`,
  'typescript(no-misused-promises)',
);
file(
  'src/core/console.ts',
  "export function x(): void { console.log('x'); }\n",
  'eslint(no-console)',
);
file(
  'src/core/untyped.ts',
  'export function x() { return 1; }\n',
  'typescript(explicit-module-boundary-types)',
);

/** A file of tests. The title and the body of the last one are given. */
function spec(path: string, test: string, breaks: string | null): void {
  const before = `import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { expectThat, check } from './checks.js';
function own(): void {
  expect(1).toBe(1);
}
it('uses what it imports', () => {
  fc.assert(fc.property(fc.nat(), (n) => expect(n).toBe(n)));
  expectThat(check, own);
});
`;
  file(`test/${path}.spec.ts`, `${before}${test}\n`, breaks);
}

const sound = '() => expect(1).toBe(1)';
const each = "it.each(['a'])('is %s, as in all rows'";
const nothing = 'jest(expect-expect)';
spec('only', `it.only('is the only one', ${sound});`, 'jest(no-focused-tests)');
spec('skip', `it.skip('is not run', ${sound});`, 'jest(no-disabled-tests)');
spec('asserts', `it('is one of few', ${sound});`, null);
spec('asserts-each', `${each}, (x) => expect(x).toBe('a'));`, null);
spec('asserts-elsewhere', "it('is all one', () => expectThat(1));", null);
spec('nothing', "it('is nothing at all', () => {});", nothing);
spec('nothing-each', `${each}, (x) => check(x));`, nothing);
spec('checks', "it('is all one', () => check(1));", nothing);
spec('own-check', "it('is all one', () => own());", nothing);
spec(
  'perhaps',
  "it('is perhaps so', () => { if (check()) expect(1).toBe(1); });",
  nothing,
);
spec(
  'no-matcher',
  "it('is not looked at', () => { expect(1); });",
  'jest(valid-expect)',
);
for (const [name, title] of [
  ['one-word', 'works'],
  ['two-words', 'does %s'],
  ['should', 'should be as it is'],
  ['full-stop', 'is as it is.'],
] as const) {
  spec(`title-${name}`, `it('${title}', ${sound});`, 'jest(valid-title)');
  const rows = `it.each([1])('${title}', ${sound});`;
  spec(`title-${name}-each`, rows, 'jest(valid-title)');
}

interface Report {
  readonly diagnostics: readonly {
    readonly code: string;
    readonly severity: string;
    readonly filename: string;
  }[];
}

/** Lints all files at once, in a tree of their own with this tree's rules. */
async function lint(directory: string): Promise<Map<string, Set<string>>> {
  for (const [path, { code }] of files) {
    const target = join(directory, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, code);
  }
  for (const name of ['.oxlintrc.json', 'package.json', 'tsconfig.json']) {
    await cp(join(ROOT, name), join(directory, name));
  }
  await symlink(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  const output = await new Promise<string>((resolve) => {
    execFile(
      process.execPath,
      [
        join(ROOT, 'node_modules/oxlint/bin/oxlint'),
        ...['--type-aware', '--format', 'json'],
        ...['src', 'test', 'examples', 'bench', 'harness'],
      ],
      { cwd: directory, maxBuffer: 2 ** 26 },
      // It exits with 1 when it finds something.
      (_error, stdout) => resolve(stdout),
    );
  });
  const { diagnostics } = JSON.parse(output) as Report;
  const found = new Map<string, Set<string>>();
  for (const { filename, code, severity } of diagnostics) {
    if (severity !== 'error') continue;
    const codes = found.get(filename) ?? new Set<string>();
    found.set(filename, codes.add(code));
  }
  return found;
}

describe('The lint rules', () => {
  let directory: string;
  let found: Map<string, Set<string>>;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'snorky-lint-'));
    found = await lint(directory);
  }, 60_000);

  afterAll(() => rm(directory, { recursive: true, force: true }));

  it.each([...files].map(([path, { breaks }]) => [path, breaks] as const))(
    'find in %s: %s',
    (path, breaks) => {
      expect([...(found.get(path) ?? [])]).toEqual(
        breaks === null ? [] : [breaks],
      );
    },
  );

  it('have a row for every folder of src', async () => {
    const rows = [...LAYERS, ...ROOMS].map(({ folder }) => folder);
    const entries = await readdir(SRC, {
      withFileTypes: true,
      recursive: true,
    });
    const folders = entries
      .filter((entry) => entry.isDirectory())
      .map(({ parentPath, name }) => relative(SRC, join(parentPath, name)))
      .map((folder) => folder.replaceAll('\\', '/'));
    expect(folders.filter((folder) => !rows.includes(folder))).toEqual([]);
    // A layer may be there before its first file; a room is of what there is.
    const rooms = ROOMS.map(({ folder }) => folder);
    expect(rooms.filter((room) => !folders.includes(room))).toEqual([]);
  });

  it('name in each row what there is, each thing once', () => {
    const rooms = ROOMS.map(({ folder }) => folder);
    const folders = [...FOLDERS, ...rooms];
    expect(new Set(folders).size).toBe(folders.length);
    for (const { imports } of [...LAYERS, ...KINDS]) {
      expect(FOLDERS).toEqual(expect.arrayContaining([...imports]));
    }
    for (const { rooms: neighbours } of ROOMS) {
      expect(rooms).toEqual(expect.arrayContaining([...neighbours]));
    }
  });

  it('let no two layers import each other', () => {
    for (const { folder, imports } of LAYERS) {
      for (const other of LAYERS) {
        if (!imports.includes(other.folder)) continue;
        expect(other.imports).not.toContain(folder);
      }
    }
  });

  it('are as the table has them', async () => {
    const check = promisify(execFile)(process.execPath, [
      join(ROOT, 'scripts/lint/main.js'),
      '--check',
    ]);
    await expect(check).resolves.toMatchObject({ stderr: '' });
  });
});
