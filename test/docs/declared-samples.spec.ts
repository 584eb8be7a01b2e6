import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import ts from 'typescript';
import { blocksOf, documents, type Block } from './markdown.js';

const ROOT = join(import.meta.dirname, '../..');
const WORK = join(ROOT, '.build', `declared-${process.pid}`);

// What one of them declares is declared for all files of its program, so these
// samples have programs of their own.
const samples = (await Promise.all((await documents()).map(blocksOf)))
  .flat()
  .filter(({ kind }) => kind === 'declared');

/** The settings of whoever compiles a sample. */
const SETTINGS: Readonly<Record<string, string>> = {
  server: 'tsconfig.json',
  page: 'tsconfig.client.json',
};

/** A side's compiler. What it has read of others' files it reads once. */
class Compiler {
  private readonly options: ts.CompilerOptions;
  private readonly parsed = new Map<string, ts.SourceFile | undefined>();
  private readonly found = new Map<string, readonly string[]>();

  constructor(private readonly side: string) {
    const config = ts.getParsedCommandLineOfConfigFile(
      join(ROOT, SETTINGS[side] ?? ''),
      {
        noUnusedLocals: false,
        noUnusedParameters: false,
        paths: {
          snorky: [join(ROOT, 'src/index.ts')],
          'snorky/client': [join(ROOT, 'src/client/index.ts')],
        },
      },
      {
        ...ts.sys,
        onUnRecoverableConfigFileDiagnostic: ({ messageText }) => {
          throw new Error(ts.flattenDiagnosticMessageText(messageText, '\n'));
        },
      },
    );
    this.options = config?.options ?? {};
  }

  /** What it says of a text, beside the types that it imports. */
  async compile(text: string): Promise<readonly string[]> {
    const known = this.found.get(text) ?? (await this.compileOnce(text));
    this.found.set(text, known);
    return known;
  }

  private async compileOnce(text: string): Promise<readonly string[]> {
    const place = join(WORK, this.side);
    await mkdir(place, { recursive: true });
    const types = samples.find(({ name }) => name === 'app-types') as Block;
    const own = [join(place, 'sample.ts'), join(place, 'app-types.ts')];
    await writeFile(own[0] as string, `${text}\nexport {};\n`);
    await writeFile(own[1] as string, types.text);
    const host = ts.createCompilerHost(this.options);
    const read = host.getSourceFile.bind(host);
    host.getSourceFile = (file, target) => {
      if (own.includes(file)) return read(file, target);
      if (!this.parsed.has(file)) this.parsed.set(file, read(file, target));
      return this.parsed.get(file);
    };
    const program = ts.createProgram([own[0] as string], this.options, host);
    return own.flatMap((name) => {
      const source = program.getSourceFile(name);
      return [
        ...program.getSyntacticDiagnostics(source),
        ...program.getSemanticDiagnostics(source),
      ].map(({ messageText }) =>
        ts.flattenDiagnosticMessageText(messageText, '\n'),
      );
    });
  }
}

describe('The samples of declared types', () => {
  const compilers = {
    server: new Compiler('server'),
    page: new Compiler('page'),
  };

  beforeAll(() => mkdir(WORK, { recursive: true }));
  afterAll(() => rm(WORK, { recursive: true, force: true }));

  it('are the types, and who is held to them', () => {
    expect(samples.map(({ name }) => name)).toEqual([
      'app-types',
      'server',
      'page',
    ]);
  });

  it.each([
    ['server', "model = 'Task'", "model = 'Tsak'", /"Tsak"/],
    ['server', "broadcast('news'", "broadcast('nws'", /"nws"/],
    ['server', 'headline: task.title', 'title: task.title', /'title'/],
    ['server', 'data: task', 'data: client', /'Client'/],
    ['server', '): number {', '): string {', /string/],
    ['page', 'calculator.sum(', 'calculator.add(', /'add'/],
    ['page', "model: 'Task'", "model: 'Tsak'", /Tsak/],
    ['page', "=== 'news'", "=== 'nws'", /"nws"/],
    ['page', 'message.headline', 'message.title', /'title'/],
    ['page', '?.due', '?.done', /'done'/],
  ] as const)(
    'compile for a %s, and not with %s as %s',
    async (side, part, other, problem) => {
      const { text } = samples.find(({ name }) => name === side) as Block;
      expect(text).toContain(part);
      const compiler = compilers[side];
      expect(await compiler.compile(text)).toEqual([]);
      const found = await compiler.compile(text.replace(part, other));
      expect(found.join('\n')).toMatch(problem);
    },
    60_000,
  );
});
