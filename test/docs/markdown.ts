import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/** A fenced block of a document, and the comment right before it. */
export interface Block {
  readonly document: string;
  readonly line: number;
  readonly language: string;
  readonly text: string;
  /** What `<!-- kind: name -->` says. */
  readonly kind: string | undefined;
  readonly name: string | undefined;
}

/** The documents whose samples are tested. */
export async function documents(): Promise<string[]> {
  const all = await readdir(ROOT, { withFileTypes: true });
  const docs = all.some(({ name }) => name === 'docs')
    ? await readdir(join(ROOT, 'docs'), { recursive: true })
    : [];
  return [
    'README.md',
    'CONTRIBUTING.md',
    'CHANGELOG.md',
    'SECURITY.md',
    ...docs
      .filter((path) => path.endsWith('.md'))
      .map((path) => `docs/${path}`),
  ];
}

/** The fenced blocks of a document. */
export async function blocksOf(document: string): Promise<Block[]> {
  const text = await readFile(join(ROOT, document), 'utf8');
  const fence =
    /(?:^<!-- (?<kind>\w+): (?<name>[\w-]+) -->\n\s*)?^```(?<language>\w+)\n(?<text>[\s\S]*?)^```$/gm;
  return [...text.matchAll(fence)].map((match) => {
    const groups = match.groups as Record<string, string | undefined>;
    return {
      document,
      line: text.slice(0, match.index).split('\n').length,
      language: groups['language'] ?? '',
      text: groups['text'] ?? '',
      kind: groups['kind'],
      name: groups['name'],
    };
  });
}

/** The rows of a table after a line that begins so, without their head. */
export async function tableAfter(
  document: string,
  line: string,
  nth = 0,
): Promise<string[][]> {
  const text = await readFile(join(ROOT, document), 'utf8');
  const start = `\n${text}`.indexOf(`\n${line}`);
  if (start === -1) throw new Error(`No line "${line}".`);
  const tables = text.slice(start).match(/(?:^\|.*\n)+/gm) ?? [];
  const table = tables[nth];
  if (table === undefined) throw new Error(`No table after "${line}".`);
  return table.trim().split('\n').slice(2).map(cellsOf);
}

function cellsOf(row: string): string[] {
  return row
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}

/** The rows of the tables under a heading, cell by cell, without their head. */
export async function tableUnder(
  document: string,
  heading: string,
): Promise<string[][]> {
  const text = await readFile(join(ROOT, document), 'utf8');
  const section = text.split(/^## /m).find((one) => {
    return one.startsWith(`${heading}\n`);
  });
  if (section === undefined) throw new Error(`No heading "${heading}".`);
  const rows = section.split('\n').filter((line) => line.startsWith('|'));
  return rows.map(cellsOf).filter((cells, index, all) => {
    const isRule = (one: string[] | undefined): boolean =>
      one?.every((cell) => /^-+$/.test(cell)) === true;
    return !isRule(cells) && !isRule(all[index + 1]);
  });
}
