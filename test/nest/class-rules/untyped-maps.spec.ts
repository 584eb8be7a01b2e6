import { describe, expect, it } from '@jest/globals';
import * as real from 'class-transformer';
import 'reflect-metadata';
import { transformerRules } from '../../../src/nest/class-rules/transformer-rules.js';

describe('A Map in an instance with rules', () => {
  class Secret {
    name = 'Ann';
    @real.Exclude() hash = 'h';
  }
  const map = (): Map<string, unknown> => new Map([['a', new Secret()]]);
  class Typed {
    @real.Exclude() own = 1;
    @real.Type(() => Secret) members = map();
  }
  class TypedHeir extends Typed {}

  it.each<[string, () => object]>([
    ['at once', () => ({ members: map() })],
    ['in an object', () => ({ deep: { members: map() } })],
    ['in a list', () => ({ deep: [[{ members: map() }]] })],
    ['in a set', () => ({ deep: new Set([{ members: map() }]) })],
    ['of lists', () => ({ members: new Map([['a', [new Secret()]]]) })],
    ['of Maps', () => ({ members: new Map([['a', map()]]) })],
  ])('does not leave what classes leave out, %s', async (_where, members) => {
    class Ruled {
      @real.Exclude() own = 1;
    }
    const rules = await transformerRules();
    const one = Object.assign(new Ruled(), members());
    expect(() => rules?.apply(one)).toThrow(
      '"members" is a Map of instances whose classes leave something out, and ' +
        'class-transformer does not know that they are in it. Say what it holds ' +
        'with @Type(() => TheClass) on "members".',
    );
  });

  it.each([Typed, TypedHeir])(
    'leaves by the rules of its @Type',
    async (of) => {
      const rules = await transformerRules();
      expect(rules?.apply(new of())).toEqual({
        members: { a: { name: 'Ann' } },
      });
    },
  );

  it('leaves where it holds nothing with rules', async () => {
    class Ruled {
      @real.Exclude() own = 1;
      counts = new Map([['a', 1]]);
    }
    const rules = await transformerRules();
    expect(rules?.apply(new Ruled())).toEqual({ counts: { a: 1 } });
  });
});
