import { describe, expect, it } from '@jest/globals';
import {
  decodeEnvelope,
  encodeEnvelope,
  encodeJson,
  envelopePrefix,
  MessageFault,
} from '../../src/protocol/envelope.js';
import { MAX_NESTING, nestsDeeperThan } from '../../src/protocol/limits.js';

describe('MessageFault', () => {
  it('names the limit of nesting', () => {
    expect(MessageFault.nestedTooDeep.text).toContain(` ${MAX_NESTING} levels`);
  });
});

describe('decodeEnvelope', () => {
  it.each([
    ['an empty text', '', 'invalidJson'],
    ['a blank text', ' \n\t', 'invalidJson'],
    ['no JSON', 'hello', 'invalidJson'],
    ['two values', '{} {}', 'invalidJson'],
    ['a byte order mark', '\ufeff{"service":"a","message":1}', 'invalidJson'],
    ['NaN', '{"service":"a","message":NaN}', 'invalidJson'],
    ['Infinity', '{"service":"a","message":Infinity}', 'invalidJson'],
    ['-Infinity', '{"service":"a","message":-Infinity}', 'invalidJson'],
    ['a trailing comma', '{"service":"a","message":1,}', 'invalidJson'],
    ['null', 'null', 'notAnEnvelope'],
    ['an array', '["a",1]', 'notAnEnvelope'],
    ['a text', '"a"', 'notAnEnvelope'],
    ['a number', '1', 'notAnEnvelope'],
    ['true', 'true', 'notAnEnvelope'],
    ['an empty object', '{}', 'notAnEnvelope'],
    ['no message', '{"service":"a"}', 'notAnEnvelope'],
    ['no service', '{"message":1}', 'notAnEnvelope'],
    [
      'names on the prototype only',
      '{"__proto__":{"service":"a","message":1}}',
      'notAnEnvelope',
    ],
  ])('says of %s: %j is %s', (_what, text, fault) => {
    expect(decodeEnvelope(text)).toBe(fault);
  });

  it.each([
    ['a message of null', '{"service":"a","message":null}', 'a', null],
    ['a message of false', '{"service":"a","message":false}', 'a', false],
    ['other keys', '{"x":1,"service":"a","message":2,"y":3}', 'a', 2],
    [
      'duplicate keys: the last one counts',
      '{"service":"a","message":1,"service":"b","message":2}',
      'b',
      2,
    ],
    ['a service of another type', '{"service":7,"message":1}', 7, 1],
    ['white space', ' {"service" : "a", "message" : [ ] }\n', 'a', []],
  ])('takes a text with %s', (_what, text, service, message) => {
    expect(decodeEnvelope(text)).toMatchObject({ service, message });
  });

  it('counts the envelope as one of the levels', () => {
    const nested = (levels: number): string =>
      `{"service":"a","message":${'['.repeat(levels)}${']'.repeat(levels)}}`;
    expect(decodeEnvelope(nested(MAX_NESTING))).toBe('nestedTooDeep');
    expect(decodeEnvelope(nested(MAX_NESTING - 1))).toMatchObject({
      service: 'a',
    });
  });

  it('refuses a deep text without parsing it', () => {
    expect(decodeEnvelope('['.repeat(2_000_000))).toBe('nestedTooDeep');
  });
});

describe('nestsDeeperThan', () => {
  it.each([
    ['[[]]', 2, false],
    ['[[]]', 1, true],
    ['{"a":[{}]}', 2, true],
    ['{"a":[{}]}', 3, false],
    ['[][][][]', 1, false],
    ['"[[[[[["', 1, false],
    ['["\\"[[[["]', 1, false],
    ['["\\\\",[]]', 1, true],
    ['[[', 1, true],
    ['', 0, false],
    ['[]', 0, true],
    [']]]][[[[', 1, false],
    ['[{[{[{', 2, true],
  ])('%j, %i levels: %s', (text, limit, deeper) => {
    expect(nestsDeeperThan(limit, text)).toBe(deeper);
  });
});

describe('encodeEnvelope', () => {
  it('writes the name of any service', () => {
    const text = encodeEnvelope(envelopePrefix('a"b\n'), { c: [1] });
    expect(JSON.parse(text)).toEqual({ service: 'a"b\n', message: { c: [1] } });
  });

  it('writes null where there is nothing', () => {
    expect(encodeJson(undefined)).toBe('null');
    expect(encodeJson(null)).toBe('null');
  });

  it.each([
    ['a function', () => {}],
    ['a symbol', Symbol('s')],
    ['a big integer', 1n],
    ['an object whose toJSON() gives nothing', { toJSON: () => undefined }],
  ])('throws for %s', (_what, value) => {
    expect(() => encodeJson(value)).toThrow(TypeError);
  });

  it('throws for a cycle', () => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    expect(() => encodeJson(cycle)).toThrow(TypeError);
  });
});
