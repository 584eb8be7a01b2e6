import { beforeAll, describe, expect, it } from '@jest/globals';
import { changed, Project } from './project.js';

describe('The types of collections', () => {
  let project: Project;

  beforeAll(() => {
    project = new Project('test/client/types/browser/tsconfig.json', 'browser');
  });

  const live = 'src/client/live/live-collection.ts';
  const array = 'src/client/collections/array-collection.ts';
  it.each([
    [
      'live items are made by nothing',
      live,
      ': Making<Row, Item>;',
      ': unknown;',
    ],
    [
      'something must make live items that are rows',
      live,
      '[Row] extends [Item] ? unknown : ',
      '',
    ],
    ['addresses are texts', live, /\| URL/g, ''],
    [
      'nothing is either a list or an item',
      live,
      'options: (LiveItemOptions<Row, Item> | LiveListOptions<Row, Item>) &',
      'options: LiveListOptions<Row, Item> &',
    ],
    [
      'live items are compared as if they were rows',
      live,
      '(item: Item, other: Row)',
      '(item: Row, other: Row)',
    ],
    [
      'items of arrays are made by nothing',
      array,
      'Row[] & Item[] & ([Row] extends [Item] ? unknown : never)',
      'Row[]',
    ],
    [
      'something must make items of arrays that are rows',
      array,
      'Row[] & Item[] & ([Row] extends [Item] ? unknown : never)',
      'never',
    ],
    [
      'any text is a key',
      'src/client/collections/key.ts',
      'keyof Row & string',
      'string',
    ],
    [
      'keys are those of items',
      'src/client/collections/array-collection-options.ts',
      'key?: KeyOption<Row>',
      'key?: KeyOption<Item>',
    ],
  ] as const)(
    'are refused when %s',
    (_what, file, part, other) => {
      expect(project.compileOwn(changed(file, part, other))).toEqual(
        expect.arrayContaining([
          expect.stringContaining('browser/collections.ts'),
        ]),
      );
    },
    60_000,
  );
});
