import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import ts from 'typescript';
import {
  buildPackage,
  ROOT,
  temporaryDirectory,
} from '../package/build-package.js';
import { TestSocket } from '../support/socket.js';
import { runCurlLine } from './curl.js';

const EXAMPLE = 'examples/announcements';

/** Compiles the example as `npm start` does, but to a directory of its own. */
async function buildExample(directory: string): Promise<string> {
  await buildPackage(directory);
  await cp(join(ROOT, EXAMPLE), join(directory, EXAMPLE), { recursive: true });
  const target = join(directory, '.build', EXAMPLE);
  await mkdir(target, { recursive: true });
  for (const name of await readdir(join(ROOT, EXAMPLE))) {
    if (!name.endsWith('.ts')) continue;
    const { outputText } = ts.transpileModule(
      await readFile(join(ROOT, EXAMPLE, name), 'utf8'),
      {
        fileName: name,
        compilerOptions: {
          target: ts.ScriptTarget.ES2023,
          module: ts.ModuleKind.ESNext,
          verbatimModuleSyntax: true,
          experimentalDecorators: true,
          emitDecoratorMetadata: true,
        },
      },
    );
    await writeFile(join(target, name.replace(/ts$/, 'js')), outputText);
  }
  return join(target, 'main.js');
}

/** Ports that were free a moment ago. */
async function freePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()];
  const ports: number[] = [];
  for (const server of servers) {
    server.listen(0);
    await once(server, 'listening');
    ports.push((server.address() as AddressInfo).port);
  }
  for (const server of servers) {
    server.close();
    await once(server, 'close');
  }
  return ports as [number, number];
}

interface Run {
  readonly child: ChildProcess;
  readonly port: number;
  readonly backend: number;
  /** What it has printed so far. */
  readonly printed: { out: string; err: string };
}

describe('The example', () => {
  let directory: string;
  let main: string;
  let running: Run;

  function start(
    port: number,
    backend: number,
    environment: NodeJS.ProcessEnv = {},
  ): Run {
    const child = spawn(process.execPath, [main], {
      env: {
        PATH: process.env['PATH'],
        PORT: String(port),
        BACKEND_PORT: String(backend),
        ...environment,
      },
    });
    const printed = { out: '', err: '' };
    child.stdout.on('data', (data: Buffer) => (printed.out += String(data)));
    child.stderr.on('data', (data: Buffer) => (printed.err += String(data)));
    return { child, port, backend, printed };
  }

  /** Waits for the line that says that it has started. */
  async function started(run: Run): Promise<Run> {
    while (!run.printed.out.includes('\n')) {
      if (run.child.exitCode !== null) {
        throw new Error(`It ended: ${run.printed.err}`);
      }
      await Promise.race([
        once(run.child.stdout ?? run.child, 'data'),
        once(run.child, 'exit'),
      ]);
    }
    return run;
  }

  /** The line that the page shows to a reader. */
  async function curlLine({ port }: Run): Promise<string> {
    const page = await fetch(`http://127.0.0.1:${port}/`);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const html = await page.text();
    return /<pre id="curl">\s*([^<]*)</.exec(html)?.[1]?.trim() ?? '';
  }

  beforeAll(async () => {
    directory = await temporaryDirectory('example');
    main = await buildExample(directory);
    running = await started(start(...(await freePorts())));
  }, 60_000);

  afterAll(async () => {
    running.child.kill('SIGKILL');
    await rm(directory, { recursive: true, force: true });
  });

  it('says where it is, in one line', () => {
    expect(running.printed).toEqual({
      out: `Announcements are on http://localhost:${running.port}\n`,
      err: '',
    });
  });

  it.each(['the page', 'the README'])(
    'announces by the curl line of %s',
    async (place) => {
      await using visitor = await TestSocket.connect(
        `ws://127.0.0.1:${running.port}/ws`,
        // As from a browser: the page's own origin.
        { headers: { origin: `http://127.0.0.1:${running.port}` } },
      );
      await visitor.call('pubsub', 'subscribe', { channel: 'announcements' });
      const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
      const line =
        place === 'the page'
          ? await curlLine(running)
          : (/^curl .*$/m.exec(readme)?.[0] ?? '').replace(
              '5801',
              String(running.backend),
            );
      expect(JSON.parse(await runCurlLine(line))).toMatchObject({
        message: { data: null },
      });
      expect(await visitor.next()).toEqual({
        service: 'pubsub',
        message: {
          type: 'message',
          channel: 'announcements',
          message: 'Hello, everybody!',
        },
      });
    },
  );

  it('shows one line, in the page and in the README', async () => {
    const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
    const line = await curlLine(running);
    expect(readme).toContain(line.replace(String(running.backend), '5801'));
  });

  it('lets no visitor publish', async () => {
    await using visitor = await TestSocket.connect(
      `ws://127.0.0.1:${running.port}/ws`,
    );
    expect(
      await visitor.call('pubsub', 'publish', {
        channel: 'announcements',
        message: 'Me too',
      }),
    ).toMatchObject({ type: 'error', message: 'Not authorized' });
  });

  it('keeps a key of your own off the page', async () => {
    const run = await started(
      start(...(await freePorts()), { BACKEND_KEY: 'a secret' }),
    );
    try {
      const line = await curlLine(run);
      expect(line).toContain('"X-Backend-Key: $BACKEND_KEY"');
      const printed = await runCurlLine(line, { BACKEND_KEY: 'a secret' });
      expect(JSON.parse(printed)).toMatchObject({ message: { data: null } });
    } finally {
      run.child.kill('SIGKILL');
    }
  });

  it.each([
    ['its port', 'PORT', 0],
    ["the backend's port", 'BACKEND_PORT', 1],
  ] as const)(
    'says in a sentence that %s is in use',
    async (_name, variable, taken) => {
      const ports = await freePorts();
      ports[taken] = taken === 0 ? running.port : running.backend;
      const { child, printed } = start(...ports);
      expect(await once(child, 'exit')).toEqual([1, null]);
      expect(printed).toEqual({
        out: '',
        err: `Port ${ports[taken]} is in use: stop what listens there, or set ${variable} to another one.\n`,
      });
    },
  );

  it.each([
    ['PORT', 'abc'],
    ['BACKEND_PORT', '65536'],
  ])('says in a sentence that %s cannot be %s', async (variable, value) => {
    const { child, printed } = start(...(await freePorts()), {
      [variable]: value,
    });
    expect(await once(child, 'close')).toEqual([1, null]);
    expect(printed).toEqual({
      out: '',
      err: `${variable} must be a number from 1 to 65535, not "${value}".\n`,
    });
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'ends cleanly by %s',
    async (signal) => {
      const run = await started(start(...(await freePorts())));
      await using visitor = await TestSocket.connect(
        `ws://127.0.0.1:${run.port}/ws`,
      );
      const exit = once(run.child, 'exit');
      run.child.kill(signal);
      expect(await visitor.closed).toMatchObject({ code: 1001 });
      expect(await exit).toEqual([0, null]);
      expect(run.printed.err).toBe('');
    },
  );
});
