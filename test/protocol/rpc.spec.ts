import { describe, expect, it } from '@jest/globals';
import { envelopePrefix } from '../../src/protocol/envelope.js';
import type { JsonValue } from '../../src/protocol/json.js';
import { encodeError, encodeResponse, isCall } from '../../src/protocol/rpc.js';

const prefix = envelopePrefix('calc');
const callIds: JsonValue[] = [
  0,
  -0,
  1,
  -7,
  1.5,
  1e21,
  9007199254740993,
  '',
  'seven',
  '"',
  false,
  true,
  [],
  {},
  [1, { a: null }],
];

describe('encodeResponse', () => {
  it.each(callIds)('echoes the call id %j', (callId) => {
    expect(JSON.parse(encodeResponse(prefix, callId, 5))).toEqual({
      service: 'calc',
      message: { type: 'response', callId: wire(callId), data: 5 },
    });
  });

  it.each([[undefined], [null]])('has no call id when it was %j', (callId) => {
    expect(JSON.parse(encodeResponse(prefix, callId, 5))).toEqual({
      service: 'calc',
      message: { type: 'response', data: 5 },
    });
  });

  it.each([
    [undefined, null],
    [null, null],
    [0, 0],
    [false, false],
    ['', ''],
    [[], []],
    [new Date(0), '1970-01-01T00:00:00.000Z'],
    [{ a: undefined, b: 1 }, { b: 1 }],
    ['</script>\u2028', '</script>\u2028'],
  ])('writes %j as %j', (data, written) => {
    expect(JSON.parse(encodeResponse(prefix, 1, data))).toEqual({
      service: 'calc',
      message: { type: 'response', callId: 1, data: written },
    });
  });

  it('throws for what JSON cannot express', () => {
    expect(() => encodeResponse(prefix, 1, 1n)).toThrow(TypeError);
    expect(() => encodeResponse(prefix, undefined, () => 1)).toThrow(TypeError);
  });
});

describe('encodeError', () => {
  it.each(callIds)('echoes the call id %j', (callId) => {
    expect(JSON.parse(encodeError(prefix, callId, 'No'))).toEqual({
      service: 'calc',
      message: { type: 'error', callId: wire(callId), message: 'No' },
    });
  });

  it.each([[undefined], [null]])(
    'has a call id of null when it was %j',
    (callId) => {
      expect(JSON.parse(encodeError(prefix, callId, 'No'))).toEqual({
        service: 'calc',
        message: { type: 'error', callId: null, message: 'No' },
      });
    },
  );

  it('takes any JSON as its message', () => {
    expect(
      JSON.parse(encodeError(prefix, 1, { code: 4, of: ['a', null] })),
    ).toMatchObject({ message: { message: { code: 4, of: ['a', null] } } });
  });
});

describe('isCall', () => {
  it.each<[JsonValue, boolean]>([
    [{ command: 'a', params: {} }, true],
    [{ command: 'a', params: null }, true],
    [{ command: null, params: 1 }, true],
    [{ command: 'a', params: {}, callId: 1, more: 2 }, true],
    [{ command: 'a' }, false],
    [{ params: {} }, false],
    [{}, false],
    [[], false],
    [null, false],
    ['command', false],
    [7, false],
  ])('says of %j: %s', (message, call) => {
    expect(isCall(message)).toBe(call);
  });
});

/** What is left of a value on the wire: -0 becomes 0. */
function wire(value: JsonValue): unknown {
  return JSON.parse(JSON.stringify(value));
}
