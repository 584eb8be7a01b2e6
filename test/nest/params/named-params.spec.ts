import { describe, expect, it, jest } from '@jest/globals';
import { NamedParams } from '../../../src/nest/params/named-params.js';
import type { JsonObject } from '../../../src/protocol/json.js';

const params = (text: string): JsonObject => JSON.parse(text) as JsonObject;

describe('NamedParams', () => {
  const named = new NamedParams(new Set(['a', 'b']), ['a']);

  it.each(['{"a":1}', '{"b":null,"a":1}'])('takes the params %s', (text) => {
    expect(() => named.check(params(text))).not.toThrow();
  });

  it.each([
    '{}',
    '{"b":1}',
    '{"a":1,"c":1}',
    '{"a":1,"__proto__":{}}',
    '{"a":1,"constructor":1}',
    '{"a":1,"0":1}',
  ])('refuses the params %s', (text) => {
    expect(() => named.check(params(text))).toThrow('Invalid params');
  });

  it('makes no list of the names of each call', () => {
    const given = params('{"a":1,"b":2}');
    const keys = jest.spyOn(Object, 'keys');
    const called = (): number => keys.mock.calls.length;
    try {
      named.check(given);
      expect(called()).toBe(0);
    } finally {
      keys.mockRestore();
    }
  });

  it('looks at what was sent only, whatever its prototype has', () => {
    const inherits = Object.create({ stray: 1 }) as Record<string, number>;
    inherits['a'] = 1;
    expect(() => named.check(inherits)).not.toThrow();
    inherits['stray'] = 1;
    expect(() => named.check(inherits)).toThrow('Invalid params');
  });
});
