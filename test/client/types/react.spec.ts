import { beforeAll, describe, expect, it } from '@jest/globals';
import { changed, Project } from './project.js';

const PAGE = 'test/browser/react/page';

describe('The types of a page in React', () => {
  let project: Project;

  beforeAll(() => {
    project = new Project(`${PAGE}/tsconfig.json`, '../../browser/react/page');
  });

  it('take the functions of a snapshot as they are', () => {
    expect(project.compile()).toEqual([]);
  }, 60_000);

  it.each([
    ['rows that are changed', 'items }),', 'items: items.sort() }),', 2339],
    ['what a snapshot has not', '{ items, state }', '{ item, state }', 2339],
    [
      'the listener',
      'of.subscribe, of.getSnapshot',
      'of.changed, of.getSnapshot',
      2345,
    ],
  ] as const)(
    'refuse what is wrong: %s',
    (_what, part, other, code) => {
      const instead = changed(`${PAGE}/rows.ts`, part, other);
      expect(project.compileOwn(instead)).toContainEqual(
        expect.stringMatching(`^${PAGE}/rows.ts: ${code} `),
      );
    },
    60_000,
  );
});
