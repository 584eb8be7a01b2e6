import { describe, expect, it } from '@jest/globals';
import { privateReads } from '../../scripts/lint/private-reads.js';

describe('The check of tests', () => {
  it.each([
    ['by a dot', 'list.$items.length;', '$items'],
    ['of the client, mangled twice', 'list.$$items;', '$$items'],
    [
      'through a cast',
      '(list as unknown as Insides).$running.desk;',
      '$running',
    ],
    ['where there may be none', 'list?.$items;', '$items'],
    ['in brackets', "list['$items'];", '$items'],
    ['in quotes of another kind', 'list[`_socket`];', '_socket'],
    ['by taking it apart', 'const { $models } = service;', '$models'],
    ['under another name', 'const { _socket: socket } = ws;', '_socket'],
    ['in quotes, taken apart', "const { '_socket': socket } = ws;", '_socket'],
    ['as a parameter', 'list.map(({ $items }) => 1);', '$items'],
    ['of what is its own', 'this.list().$items;', '$items'],
  ])('finds a private that is read %s', (_how, code, name) => {
    expect(privateReads('a.spec.ts', `\n${code}\n`)).toEqual([
      { line: 2, name },
    ]);
  });

  it.each([
    ['of a class that it extends', 'class A extends B { a = this.$items; }'],
    ['of what that has', 'class A extends B { a = this.snorky.$features; }'],
    ['of what that overrides', 'class A extends B { a() { super.$lost(); } }'],
    ['that a template or pattern only looks like', "/$a/; '$any'; `a$b`"],
    ['in a list', 'const [_first, second] = list;'],
    ['in a parameter that it leaves out', 'list.map((_row, at) => at);'],
    ['that is a hook of a framework', 'list.__v_skip;'],
  ])('takes no offence at a name %s', (_what, code) => {
    expect(privateReads('a.spec.ts', code)).toEqual([]);
  });
});
