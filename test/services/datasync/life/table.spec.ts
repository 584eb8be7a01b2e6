import { expect, it } from '@jest/globals';
import { readFile, writeFile } from 'node:fs/promises';
import { lifeTable } from './table.js';

const FILE = new URL('table.txt', import.meta.url);

/**
 * The life is one pure function, and this is all of it. A change of its rules is
 * a change of these lines, to be read one by one: `WRITE_TABLE=1` writes them.
 */
it('The life of a subscription is what its table says, in every state that there can be', async () => {
  const table = lifeTable();
  if (process.env['WRITE_TABLE'] === '1') await writeFile(FILE, table);
  expect(table).toBe(await readFile(FILE, 'utf8'));
});
