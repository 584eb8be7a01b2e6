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

/** Compiles a sample beside the types that it imports. */
async function compile(side: string, text: string): Promise<string[]> {
  const place = join(WORK, side);
  await mkdir(place, { recursive: true });
  const types = samples.find(({ name }) => name === 'app-types') as Block;
  const file = join(place, 'sample.ts');
  await writeFile(join(place, 'app-types.ts'), types.text);
  await writeFile(file, `${text}\nexport {};\n`);
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
  const program = ts.createProgram([file], config?.options ?? {});
  return [file, join(place, 'app-types.ts')].flatMap((name) => {
    const source = program.getSourceFile(name);
    return [
      ...program.getSyntacticDiagnostics(source),
      ...program.getSemanticDiagnostics(source),
    ].map(({ messageText }) =>
      ts.flattenDiagnosticMessageText(messageText, '\n'),
    );
  });
}

describe('The samples of declared types', () => {
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
      expect(await compile(side, text)).toEqual([]);
      const found = await compile(side, text.replace(part, other));
      expect(found.join('\n')).toMatch(problem);
    },
    60_000,
  );
});
