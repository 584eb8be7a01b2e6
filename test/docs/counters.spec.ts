import { expect, it } from '@jest/globals';
import { COUNTERS } from '../../src/core/observation/counter-table.js';
import { tableAfter } from './markdown.js';

it('The table of counters has each of them, with its labels', async () => {
  const rows = await tableAfter('README.md', '`registry.counters` holds');
  const documented = rows.map(([name = '', labels = '']) => [
    name.replaceAll('`', ''),
    labels.replaceAll('`', ''),
  ]);
  const there = Object.entries(COUNTERS).map(([name, { labels }]) => [
    name,
    labels.join(', '),
  ]);
  expect(documented).toEqual(there);
});
