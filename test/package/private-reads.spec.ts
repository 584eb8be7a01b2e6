import { describe, expect, it } from '@jest/globals';
import { privateReads } from '../../scripts/lint/private-reads.js';

describe('A test reads a private member', () => {
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
  ])('%s', (_how, code, name) => {
    expect(privateReads('a.spec.ts', `\n${code}\n`)).toEqual([
      { line: 2, name },
    ]);
  });
});

describe('A test reads no private member', () => {
  it.each([
    ['of a class that it extends', 'class A extends B { a = this.$items; }'],
    ['of what that has', 'class A extends B { a = this.snorky.$features; }'],
    ['of what that overrides', 'class A extends B { a() { super.$lost(); } }'],
    ['that a template or pattern only looks like', "`${list.a}`; /$a/; '$any'"],
    ['in a list', 'const [_first, second] = list;'],
    ['in a parameter that it leaves out', 'list.map((_row, at) => at);'],
    ['that is a hook of a framework', 'list.__v_skip;'],
  ])('%s', (_what, code) => {
    expect(privateReads('a.spec.ts', code)).toEqual([]);
  });
});
