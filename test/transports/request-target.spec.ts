import { describe, expect, it } from '@jest/globals';
import { pathOf, queryOf } from '../../src/transports/request-target.js';

describe('The target of a request', () => {
  it.each([
    ['/ws', '/ws'],
    ['/ws?a=1', '/ws'],
    ['/ws?a=1?b=2', '/ws'],
    ['?a=1', ''],
    ['', ''],
  ])('has a path without the query: %s', (target, path) => {
    expect(pathOf(target)).toBe(path);
  });

  it.each<[string, Record<string, string | string[]>]>([
    ['/ws', {}],
    ['/ws?', {}],
    ['?a=1', { a: '1' }],
    ['/ws?a=1&b=x%20y&c', { a: '1', b: 'x y', c: '' }],
    ['/ws?a=1&b=2&a=3', { a: ['1', '3'], b: '2' }],
    ['/ws?a=1&a=2&a=3', { a: ['1', '2', '3'] }],
    ['/ws?a=&a=', { a: ['', ''] }],
    ['/ws?a=1?b=2', { a: '1?b=2' }],
  ])(
    'has a query with all values of a name that is there several times: %s',
    (target, query) => {
      expect({ ...queryOf(target) }).toEqual(query);
    },
  );

  it('has no names in its query that nobody has sent', () => {
    const query = queryOf('/ws?constructor=1');
    expect(query['constructor']).toBe('1');
    expect(query['toString']).toBeUndefined();
    expect(queryOf('/ws')['constructor']).toBeUndefined();
  });
});
