import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { build } from 'esbuild';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, normalize, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { TestSocket } from '../support/sockets/socket.js';
import {
  buildPackage,
  ROOT,
  runTool,
  temporaryDirectory,
} from './build-package.js';

const run = promisify(execFile);

interface Manifest {
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<
    Record<string, { readonly optional?: boolean }>
  >;
}

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

/** Packs what is in a directory; without `destination` only tells what. */
async function pack(cwd: string, destination?: string): Promise<Packed> {
  const { stdout } = await run(
    'npm',
    [
      'pack',
      '--ignore-scripts',
      '--json',
      ...(destination === undefined
        ? ['--dry-run']
        : ['--pack-destination', destination]),
    ],
    { cwd, maxBuffer: 2 ** 26 },
  );
  const [packed] = JSON.parse(stdout) as [Packed];
  return packed;
}

const APP = `
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IsNumber } from 'class-validator';
import type { AddressInfo } from 'node:net';
import {
  RpcCommand,
  SnorkyModule,
  SnorkyService,
  SnorkyWsAdapter,
} from 'snorky';
import { connectClient } from 'snorky/testing';

class SumParams {
  @IsNumber() number1!: number;
  @IsNumber() number2!: number;
}

@SnorkyService('calculator')
class Calculator {
  @RpcCommand()
  sum({ number1, number2 }: SumParams): number {
    return number1 + number2;
  }
}

@Module({
  imports: [
    SnorkyModule.forRoot({
      registries: { frontend: { websocket: { path: '/ws' } } },
    }),
  ],
  providers: [Calculator],
})
class AppModule {}

async function main(): Promise<void> {
  const app = await NestFactory.create(AppModule, {
    logger: ['warn', 'error'],
  });
  app.useWebSocketAdapter(new SnorkyWsAdapter(app));
  app.enableShutdownHooks(['SIGTERM'], { useProcessExit: true });
  await app.listen(0, '127.0.0.1');
  const client = await connectClient(app);
  const inMemory = await client.call('calculator', 'sum', {
    number1: 20,
    number2: 22,
  });
  const { port } = app.getHttpServer().address() as AddressInfo;
  console.log(JSON.stringify({ port, inMemory }));
}

void main();
`;

/** Everything of the connector, and something of it in use. */
const CLIENT = `
import { ConnectorError, Cursors, rpc, Snorky } from 'snorky/client';
import type { SocketClass } from 'snorky/client';

export * from 'snorky/client';

interface CalculatorApi {
  sum(params: { number1: number; number2: number }): number;
}

export class Pointers extends Cursors {}

export async function main(socket: SocketClass): Promise<number> {
  const { services } = new Snorky(socket, 'ws://localhost/ws', {
    calculator: rpc<CalculatorApi>(),
    cursors: Pointers,
  });
  const page = await services.cursors.join({ document: 'page' });
  await page.createCursor({ position: { x: 0, y: 0 } }).created;
  try {
    return await services.calculator.sum({ number1: 2, number2: 3 });
  } catch (cause) {
    throw new ConnectorError('SNORKY_CLOSED', 'No sum', { cause });
  }
}
`;

const PEERS = [
  '@nestjs/common',
  '@nestjs/core',
  '@nestjs/platform-express',
  '@nestjs/platform-ws',
  '@nestjs/websockets',
  'class-transformer',
  'class-validator',
  'reflect-metadata',
  'rxjs',
  '@types/node',
];

/** What is packed as it is. */
async function packedDocuments(): Promise<string[]> {
  const docs = await readdir(join(ROOT, 'docs'), {
    recursive: true,
    withFileTypes: true,
  });
  return [
    ...docs
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => relative(ROOT, join(parentPath, name))),
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'SECURITY.md',
    'package.json',
  ];
}

const BROWSER_FILES = ['dist/browser/snorky.js', 'dist/browser/snorky.min.js'];

const DECLARED = join(ROOT, 'test/client/types/declared');

/** Puts one side's use of declared types where an application has its files. */
async function declareTypes(app: string, side: string): Promise<string> {
  const place = join(app, 'declared');
  for (const folder of ['shared', side]) {
    await cp(join(DECLARED, folder), join(place, folder), { recursive: true });
  }
  await cp(join(DECLARED, '../equal.ts'), join(app, 'equal.ts'));
  return join(place, side, 'tsconfig.json');
}

describe('The package', () => {
  let manifest: Manifest;
  let work: string;
  let built: string;
  let packed: Packed;
  let tarball: string;

  beforeAll(async () => {
    manifest = JSON.parse(
      await readFile(join(ROOT, 'package.json'), 'utf8'),
    ) as Manifest;
    work = await temporaryDirectory('package');
    built = join(work, 'built');
    await mkdir(built);
    await buildPackage(built);
    packed = await pack(built, work);
    tarball = join(work, packed.filename);
  }, 120_000);

  afterAll(() => rm(work, { recursive: true, force: true }));

  it('holds what was compiled, and nothing else', async () => {
    const sources = await readdir(join(ROOT, 'src'), { recursive: true });
    const compiled = sources
      .filter((path) => path.endsWith('.ts'))
      .flatMap((path) =>
        ['.js', '.js.map', '.d.ts'].map(
          (extension) => `dist/${path.slice(0, -'.ts'.length)}${extension}`,
        ),
      );
    expect(packed.files.map(({ path }) => path).sort()).toEqual(
      [
        ...compiled,
        ...BROWSER_FILES.flatMap((path) => [path, `${path}.map`]),
        ...(await packedDocuments()),
      ].sort(),
    );
  });

  it('takes nothing else from this tree', async () => {
    const { files } = await pack(ROOT);
    const others = files
      .map(({ path }) => path)
      .filter((path) => !path.startsWith('dist/'));
    expect(others.sort()).toEqual((await packedDocuments()).sort());
  });

  it('holds what its documents link to, or says where it is', async () => {
    const held = new Set(packed.files.map(({ path }) => path));
    const readme = await readFile(join(built, 'README.md'), 'utf8');
    const elsewhere = readme
      .split('\n')
      .filter((line) => line.endsWith('in the repository alone.'))
      .join();
    for (const document of held) {
      if (!document.endsWith('.md')) continue;
      const text = await readFile(join(built, document), 'utf8');
      for (const [, target = ''] of text.matchAll(/\]\((?!\w+:)([^)#\s]+)/g)) {
        const path = normalize(join(dirname(document), target));
        const [root = ''] = path.split('/');
        const told = held.has(path) || elsewhere.includes(root);
        expect({ document, target, told }).toEqual({
          document,
          target,
          told: true,
        });
      }
    }
  });

  it('tells nothing about where it was built', async () => {
    for (const { path } of packed.files) {
      const text = await readFile(join(built, path), 'utf8');
      const tells = text.includes(ROOT) || text.includes(built);
      expect({ path, tells }).toEqual({ path, tells: false });
    }
  });

  it('holds the sources that its source maps name', async () => {
    const maps = packed.files.filter(({ path }) => path.endsWith('.map'));
    for (const { path } of maps) {
      const map = JSON.parse(await readFile(join(built, path), 'utf8')) as {
        readonly sources: readonly string[];
        readonly sourcesContent?: readonly unknown[];
      };
      expect({ path, has: map.sourcesContent }).toEqual({
        path,
        has: map.sources.map(() => expect.any(String)),
      });
    }
  });

  it('names no map that it does not hold', async () => {
    const held = new Set(packed.files.map(({ path }) => path));
    for (const { path } of packed.files) {
      const text = await readFile(join(built, path), 'utf8');
      const named = /^\/\/# sourceMappingURL=(.*)$/m.exec(text)?.[1];
      if (named === undefined) continue;
      const map = join(dirname(path), named);
      expect({ path, held: held.has(map) }).toEqual({ path, held: true });
    }
  });

  it('keeps doc comments in its types', async () => {
    const types = await readFile(
      join(built, 'dist/nest/snorky.module.d.ts'),
      'utf8',
    );
    expect(types).toContain('Brings Snorky into an application');
  });

  it('needs no framework unless it is used with one', () => {
    expect(Object.keys(manifest.dependencies)).toEqual([
      '@types/ws',
      'cookie',
      'ws',
    ]);
    for (const range of Object.values(manifest.dependencies)) {
      expect(range).toMatch(/^\^/);
    }
    for (const peer of Object.keys(manifest.peerDependencies)) {
      expect(manifest.peerDependenciesMeta[peer]).toEqual({ optional: true });
    }
  });

  it('has nothing that publint complains of', async () => {
    const printed = await runTool(
      'publint/src/cli.js',
      ['run', tarball, '--strict'],
      work,
    );
    expect(printed).toContain('All good!');
  }, 60_000);

  it('has types that resolve', async () => {
    // It fails, and so does this, when there is a problem.
    const printed = await runTool(
      '@arethetypeswrong/cli/dist/index.js',
      [tarball, '--profile', 'esm-only', '--no-definitely-typed', '--no-color'],
      work,
    );
    expect(printed).toContain('snorky/client');
    expect(printed).toContain('snorky/testing');
  }, 60_000);

  let installation: Promise<string> | undefined;

  /** Both applications find what they need in the folder that they are in. */
  function installed(): Promise<string> {
    installation ??= install();
    return installation;
  }

  async function install(): Promise<string> {
    const place = join(work, 'framework');
    await mkdir(place);
    await writeFile(join(place, 'package.json'), '{"private":true}');
    const versions = PEERS.map(
      (name) => `${name}@${manifest.devDependencies[name]}`,
    );
    await run(
      'npm',
      [
        ...['install', '--prefer-offline', '--no-audit', '--no-fund'],
        ...[tarball, ...versions],
      ],
      { cwd: place, maxBuffer: 2 ** 26 },
    );
    return place;
  }

  describe.each([
    ['an ESM application', 'module'],
    ['a CommonJS application', 'commonjs'],
  ] as const)('in %s', (_name, type) => {
    let app: string;

    beforeAll(async () => {
      app = join(await installed(), type);
      await mkdir(app);
      await writeFile(
        join(app, 'package.json'),
        JSON.stringify({ name: 'app', private: true, type }),
      );
    }, 180_000);

    it('loads every subpath without a warning', async () => {
      const subpaths = Object.keys(manifest.exports)
        .filter((subpath) => !/^\.\/(package\.json|browser\/)/.test(subpath))
        .map((subpath) => subpath.replace(/^\./, 'snorky'));
      for (const subpath of subpaths) {
        const script =
          type === 'module'
            ? `const loaded = await import('${subpath}');`
            : `const loaded = require('${subpath}');`;
        const file = join(app, type === 'module' ? 'load.mjs' : 'load.cjs');
        await writeFile(
          file,
          `${script}\nconsole.log(Object.keys(loaded).length > 0);\n`,
        );
        const { stdout, stderr } = await run(process.execPath, [file]);
        expect({ subpath, stdout, stderr }).toEqual({
          subpath,
          stdout: 'true\n',
          stderr: '',
        });
      }
    }, 60_000);

    it('compiles, starts and answers', async () => {
      await writeFile(join(app, 'main.ts'), APP);
      await writeFile(
        join(app, 'tsconfig.json'),
        JSON.stringify({
          compilerOptions: {
            target: 'ES2023',
            module: 'nodenext',
            types: ['node'],
            strict: true,
            exactOptionalPropertyTypes: true,
            experimentalDecorators: true,
            emitDecoratorMetadata: true,
            skipLibCheck: false,
          },
        }),
      );
      await runTool('typescript/bin/tsc', ['-p', app], app);
      const child = spawn(process.execPath, [join(app, 'main.js')]);
      let stderr = '';
      child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
      const exited = once(child, 'exit');
      try {
        const lines = createInterface(child.stdout);
        const [line] = (await Promise.race([
          once(lines, 'line'),
          exited.then(() => {
            throw new Error(`The application ended: ${stderr}`);
          }),
        ])) as [string];
        const { port, inMemory } = JSON.parse(line) as Record<string, number>;
        expect(inMemory).toBe(42);
        await using socket = await TestSocket.connect(
          `ws://127.0.0.1:${port}/ws`,
        );
        expect(
          await socket.call('calculator', 'sum', { number1: 2, number2: 3 }),
        ).toEqual({ type: 'response', callId: 0, data: 5 });
        child.kill('SIGTERM');
        expect(await socket.closed).toMatchObject({ code: 1001 });
        expect(await exited).toEqual([0, null]);
        expect(stderr).toBe('');
      } finally {
        child.kill('SIGKILL');
      }
    }, 60_000);

    it('is held to what is declared', async () => {
      const config = await declareTypes(app, 'server');
      await writeFile(
        config,
        JSON.stringify({
          compilerOptions: {
            target: 'ES2023',
            module: 'nodenext',
            types: ['node'],
            strict: true,
            exactOptionalPropertyTypes: true,
            experimentalDecorators: true,
            emitDecoratorMetadata: true,
            skipLibCheck: false,
            noEmit: true,
          },
          include: ['.'],
        }),
      );
      const printed = await runTool('typescript/bin/tsc', ['-p', config], app);
      expect(printed).toBe('');
    }, 60_000);
  });

  describe('in an application without a framework', () => {
    let app: string;

    beforeAll(async () => {
      app = join(work, 'plain');
      await mkdir(app);
      await writeFile(
        join(app, 'package.json'),
        '{"name":"app","private":true,"type":"module"}',
      );
      await run(
        'npm',
        ['install', '--prefer-offline', '--no-audit', '--no-fund', tarball],
        { cwd: app, maxBuffer: 2 ** 26 },
      );
    }, 180_000);

    it('brings no framework along', async () => {
      const installed = await readdir(join(app, 'node_modules'));
      expect(installed).toContain('snorky');
      expect(installed).not.toContain('@nestjs');
      expect(installed).not.toContain('reflect-metadata');
    });

    it.each([
      ['import', 'mjs', `import { Snorky, rpc } from 'snorky/client';`],
      ['require', 'cjs', `const { Snorky, rpc } = require('snorky/client');`],
    ])('lets Node %s the connector', async (_name, extension, statement) => {
      const file = join(app, `client.${extension}`);
      await writeFile(
        file,
        `${statement}
        const snorky = new Snorky(class {}, 'ws://localhost/', { a: rpc() }, {
          connect: false,
        });
        console.log(snorky.state, snorky.services.a.name);\n`,
      );
      expect(await run(process.execPath, [file])).toEqual({
        stdout: 'idle a\n',
        stderr: '',
      });
    });

    it.each([
      [
        'a page of 2020',
        {
          lib: ['ES2020', 'DOM'],
          types: [],
          module: 'esnext',
          moduleResolution: 'bundler',
        },
      ],
      ['Node', { lib: ['ES2022'], types: ['node'], module: 'nodenext' }],
    ])(
      'has types of the connector for %s',
      async (_name, options) => {
        await writeFile(join(app, 'client.ts'), CLIENT);
        await writeFile(
          join(app, 'tsconfig.json'),
          JSON.stringify({
            compilerOptions: {
              target: 'ES2020',
              strict: true,
              exactOptionalPropertyTypes: true,
              skipLibCheck: false,
              noEmit: true,
              ...options,
            },
            files: ['client.ts'],
          }),
        );
        // With what it printed it fails, and so does this.
        const printed = await runTool('typescript/bin/tsc', ['-p', app], app);
        expect(printed).toBe('');
      },
      60_000,
    );

    it.each(['snorky/client', 'snorky'])(
      'holds a page to what is declared, if it is by the name that it can see (%s)',
      async (name) => {
        const config = await declareTypes(app, 'page');
        const shared = join(app, 'declared/shared/app-types.ts');
        const text = await readFile(shared, 'utf8');
        await writeFile(shared, text.replaceAll('snorky/client', name));
        await writeFile(
          config,
          JSON.stringify({
            compilerOptions: {
              target: 'ES2022',
              lib: ['ES2022', 'DOM', 'DOM.Iterable'],
              types: [],
              module: 'esnext',
              moduleResolution: 'bundler',
              strict: true,
              exactOptionalPropertyTypes: true,
              skipLibCheck: false,
              noEmit: true,
            },
            include: ['.'],
          }),
        );
        const compiled = runTool('typescript/bin/tsc', ['-p', config], app);
        // A page has no Nest, which the types of a server name.
        if (name === 'snorky') {
          await expect(compiled).rejects.toThrow('@nestjs/common');
        } else await compiled;
      },
      60_000,
    );

    it('lets bundlers make something for browsers of the connector', async () => {
      const { metafile } = await build({
        stdin: { contents: `export * from 'snorky/client';`, resolveDir: app },
        bundle: true,
        format: 'esm',
        platform: 'browser',
        logLevel: 'silent',
        metafile: true,
        write: false,
      });
      const inputs = Object.keys(metafile.inputs);
      const folders = inputs
        .map((path) => /snorky\/dist\/(\w+)\//.exec(path)?.[1] ?? path)
        .filter((folder, at, all) => all.indexOf(folder) === at);
      expect(folders.sort()).toEqual(['<stdin>', 'client', 'protocol']);
      // What adds the global is for pages alone.
      expect(inputs.filter((path) => path.endsWith('/browser.js'))).toEqual([]);
      for (const { imports } of Object.values(metafile.outputs)) {
        expect(imports).toEqual([]);
      }
    });

    it('lets servers find the files for browsers', async () => {
      const file = join(app, 'find.mjs');
      await writeFile(
        file,
        `import { readFileSync } from 'node:fs';
        for (const name of ['snorky.js', 'snorky.min.js.map']) {
          const url = import.meta.resolve('snorky/browser/' + name);
          console.log(readFileSync(new URL(url), 'utf8').length > 1000);
        }\n`,
      );
      const { stdout } = await run(process.execPath, [file]);
      expect(stdout).toBe('true\ntrue\n');
    });
  });

  it('is named as its version says', () => {
    expect(basename(tarball)).toBe('snorky-0.1.0.tgz');
  });
});
