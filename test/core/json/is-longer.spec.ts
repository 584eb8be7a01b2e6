import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isLonger } from '../../../src/core/json/is-longer.js';
import type { JsonValue } from '../../../src/protocol/json.js';

/** Bytes of a text alone, or of the JSON of anything else. */
function bytesOf(value: JsonValue): number {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return Buffer.byteLength(text);
}

describe('A value is longer than a limit', () => {
  it('if its bytes are more', () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }));
    const value = fc.oneof(
      text,
      fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' }),
    );
    fc.assert(
      fc.property(value, fc.nat({ max: 60 }), (one, limit) => {
        const json = one as JsonValue;
        const bytes = bytesOf(json);
        expect(isLonger(json, limit)).toBe(bytes > limit);
        expect(isLonger(json, bytes)).toBe(false);
        if (bytes > 0) expect(isLonger(json, bytes - 1)).toBe(true);
      }),
    );
  });

  it.each<[string, (touch: () => void) => object]>([
    ['a list', (touch) => many(touch)],
    ['lists in lists', (touch) => many(() => [touch()])],
    ['objects in a list', (touch) => many(() => ({ a: touch() }))],
  ])('without a walk through the rest of %s', (_what, make) => {
    let touched = 0;
    const value = make(() => touched++);
    expect(isLonger(value as JsonValue, 100)).toBe(true);
    expect(touched).toBeLessThan(200);
  });
});

/** Ten thousand members that tell when they are read. */
function many(member: () => unknown): object {
  const list: unknown[] = [];
  for (let at = 0; at < 10_000; at++) {
    Object.defineProperty(list, at, { enumerable: true, get: member });
  }
  return list;
}
