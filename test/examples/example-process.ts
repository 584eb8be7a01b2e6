import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { buildPackage, ROOT } from '../package/build-package.js';

const EXAMPLES = 'examples';

/**
 * Compiles the examples as `npm start` does, but in a directory of their own.
 * Gives the file to run.
 */
export async function buildExamples(directory: string): Promise<string> {
  await buildPackage(directory);
  await cp(join(ROOT, EXAMPLES), join(directory, EXAMPLES), {
    recursive: true,
  });
  const files = await readdir(join(ROOT, EXAMPLES), { recursive: true });
  for (const name of files) {
    if (!name.endsWith('.ts')) continue;
    const { outputText } = ts.transpileModule(
      await readFile(join(ROOT, EXAMPLES, name), 'utf8'),
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
    const target = join(directory, '.build', EXAMPLES, name);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target.replace(/ts$/, 'js'), outputText);
  }
  return join(directory, '.build', EXAMPLES, 'todo', 'main.js');
}

/** The to-do app in a process of its own, as `npm start` runs it. */
export class ExampleProcess implements AsyncDisposable {
  /** Settles with how it ended, once all it printed has arrived. */
  readonly ended: Promise<{ code: number | null; signal: string | null }>;
  out = '';
  err = '';
  private readonly child: ChildProcess;

  constructor(
    main: string,
    readonly port: number,
    readonly backend: number,
    environment: NodeJS.ProcessEnv,
  ) {
    this.child = spawn(process.execPath, [main], {
      cwd: dirname(main),
      env: {
        PATH: process.env['PATH'],
        PORT: String(port),
        BACKEND_PORT: String(backend),
        ...environment,
      },
    });
    this.child.stdout?.on('data', (data: Buffer) => (this.out += String(data)));
    this.child.stderr?.on('data', (data: Buffer) => (this.err += String(data)));
    this.ended = once(this.child, 'close').then(() => ({
      code: this.child.exitCode,
      signal: this.child.signalCode,
    }));
  }

  get http(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get ws(): string {
    return `ws://127.0.0.1:${this.port}/ws`;
  }

  /** Waits for the lines that say that it has started. */
  async started(): Promise<this> {
    while (!/announcements\n/.test(this.out)) {
      const ended = await Promise.race([
        once(this.child.stdout ?? this.child, 'data').then(() => false),
        this.ended.then(() => true),
      ]);
      if (ended) throw new Error(`It ended: ${this.err}`);
    }
    return this;
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill('SIGKILL');
    await this.ended;
  }
}
