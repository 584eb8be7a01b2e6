import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RecentTexts } from '../../../../src/services/datasync/delivery/recent-texts.js';

const LIMIT = 20;

describe('Texts that were made lately', () => {
  const steps = fc.array(
    fc.record({ key: fc.nat({ max: 8 }), length: fc.nat({ max: 25 }) }),
    { maxLength: 60, size: 'max' },
  );

  it('are the last ones that fit, and no more', () => {
    fc.assert(
      fc.property(steps, (made) => {
        const keys = Array.from({ length: 9 }, () => ({}));
        const recent = new RecentTexts<object>(LIMIT);
        let kept: (readonly [object, string])[] = [];
        for (const { key: index, length } of made) {
          const key = keys[index] as object;
          if (recent.get(key) !== undefined) continue;
          const text = 'x'.repeat(length);
          recent.add(key, text);
          if (length > LIMIT) continue;
          kept.push([key, text]);
          while (sizeOf(kept) > LIMIT) kept = kept.slice(1);
        }
        const known = new Map(kept);
        expect(keys.map((key) => recent.get(key))).toEqual(
          keys.map((key) => known.get(key)),
        );
        expect(recent.size).toBe(sizeOf(kept));
      }),
    );
  });
});

function sizeOf(kept: readonly (readonly [object, string])[]): number {
  return kept.reduce((sum, [, { length }]) => sum + length, 0);
}
