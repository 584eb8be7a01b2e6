import { expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SETUP_ERRORS } from '../../src/nest/setup/setup-errors.js';

const PAGE = join(import.meta.dirname, '../../docs/reference.md');

/** The sentence of a code, with dots for what depends on the application. */
function sentenceOf([code, describe]: [string, unknown]): string {
  const details = Array.from({ length: 10 }, (): unknown => '...');
  // It counts from the first parameter.
  if (code === 'SNORKY_PARAMETER_BARE') details[1] = 0;
  const say = describe as (...details: unknown[]) => string;
  return say(...details)
    .replaceAll(/\s+/g, ' ')
    .trim();
}

it('The page lists each error of a start, with its sentence', async () => {
  const text = await readFile(PAGE, 'utf8');
  const documented = [...text.matchAll(/^- `(SNORKY_\w+)`: (.+)$/gm)].map(
    ([, code, sentence = '']) => `${code}: ${sentence.replaceAll('\\', '')}`,
  );
  // To write it anew, take the lines that this prints when it fails.
  expect(documented).toEqual(
    Object.entries(SETUP_ERRORS).map(
      (entry) => `${entry[0]}: ${sentenceOf(entry)}`,
    ),
  );
});
