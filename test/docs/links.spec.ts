import { describe, expect, it } from '@jest/globals';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { documents } from './markdown.js';

const ROOT = join(import.meta.dirname, '../..');

/** The anchors that a page shows for its headings. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

const links = (
  await Promise.all(
    (await documents()).map(async (document) => {
      const text = await readFile(join(ROOT, document), 'utf8');
      return [...text.matchAll(/\]\((?!\w+:)([^)\s]+)\)/g)].map(
        ([, target = '']) => [document, target] as const,
      );
    }),
  )
).flat();

describe('The links of the documents', () => {
  it.each(links)('%s leads to %s', async (document, target) => {
    const [path = '', anchor] = target.split('#');
    const file =
      path === '' ? document : normalize(join(dirname(document), path));
    const isFolder = (await stat(join(ROOT, file))).isDirectory();
    const text = isFolder ? '' : await readFile(join(ROOT, file), 'utf8');
    // What has no anchor leads to the top.
    expect(['', ...anchorsOf(text)]).toContain(anchor ?? '');
  });
});
