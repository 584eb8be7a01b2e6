import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as face from 'snorky/client';
import ts from 'typescript';
import { makeGlobal } from '../../src/client/browser.js';
import { CLIENT_SAMPLES } from './client-samples.js';
import { blocksOf, documents, type Block } from './markdown.js';
import { CLIENT_WORK, scriptOf, writeScript, type PageScript } from './page.js';

const ROOT = join(import.meta.dirname, '../..');

const KINDS = ['client', 'page', 'shared'];
const samples = (await Promise.all((await documents()).map(blocksOf)))
  .flat()
  .filter(({ kind = '' }) => KINDS.includes(kind));
const modules = samples.filter(({ kind }) => kind !== 'page');

function titleOf({ document, line, name }: Block): string {
  return `${document}:${line} (${name})`;
}

function framed(sample: Block): PageScript {
  return scriptOf(sample, CLIENT_SAMPLES[sample.name ?? '']);
}

/** What the compiler says, with the settings of a strict page. */
async function compile(): Promise<Map<string, string[]>> {
  const files = new Map<string, string>();
  for (const sample of modules) {
    files.set(await writeScript(framed(sample), 'compiled'), titleOf(sample));
  }
  const config = ts.getParsedCommandLineOfConfigFile(
    join(ROOT, 'tsconfig.client.json'),
    {
      noUnusedLocals: false,
      noUnusedParameters: false,
      paths: { 'snorky/client': [join(ROOT, 'src/client/index.ts')] },
    },
    {
      ...ts.sys,
      onUnRecoverableConfigFileDiagnostic: ({ messageText }) => {
        throw new Error(ts.flattenDiagnosticMessageText(messageText, '\n'));
      },
    },
  );
  const program = ts.createProgram([...files.keys()], config?.options ?? {});
  const found = new Map<string, string[]>();
  for (const diagnostic of ts.getPreEmitDiagnostics(program)) {
    const title = files.get(diagnostic.file?.fileName ?? '') ?? 'elsewhere';
    const text = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n');
    found.set(title, [...(found.get(title) ?? []), text]);
  }
  return found;
}

beforeAll(() => {
  Logger.overrideLogger(false);
  makeGlobal(face);
});

afterAll(() => rm(CLIENT_WORK, { recursive: true, force: true }));

describe('The samples for pages', () => {
  let problems: Map<string, string[]>;

  beforeAll(async () => {
    problems = await compile();
  }, 60_000);

  it.each(modules.map((sample) => [titleOf(sample)]))(
    '%s compiles as strictly as a page may want',
    (title) => {
      expect(problems.get(title) ?? []).toEqual([]);
    },
  );

  it('bring no problem with them', () => {
    expect(problems.get('elsewhere') ?? []).toEqual([]);
  });

  it('have a set-up each, and each set-up a sample', () => {
    const names = samples.flatMap(({ name }) => name ?? []);
    expect(names.sort()).toEqual(Object.keys(CLIENT_SAMPLES).sort());
  });

  it('are all that the manual of the connector shows', async () => {
    const blocks = await blocksOf('docs/client.md');
    const others = blocks.filter(
      ({ kind = '', language }) =>
        /^(ts|js|html)$/.test(language) && ![...KINDS, 'sample'].includes(kind),
    );
    expect(others.map(titleOf)).toEqual([]);
  });

  it.each(
    samples
      .filter(({ name }) => CLIENT_SAMPLES[name ?? '']?.run !== undefined)
      .map((sample) => [titleOf(sample), sample] as const),
  )('%s does what it says', async (_title, sample) => {
    expect.hasAssertions();
    await CLIENT_SAMPLES[sample.name ?? '']?.run?.(framed(sample));
  });
});
