import { afterEach, describe, expect, it, jest } from '@jest/globals';
import * as real from 'class-transformer';
import 'reflect-metadata';
import type { ClassRules } from '../../src/core/class-rules.js';

const PACKAGE = 'class-transformer';
const STORAGE = 'class-transformer/cjs/storage.js';

afterEach(() => {
  jest.resetModules();
});

async function load(): Promise<ClassRules | undefined> {
  const { transformerRules } =
    await import('../../src/nest/transformer-rules.js');
  return transformerRules();
}

it('Classes without rules are known by class-transformer', async () => {
  class Plain {
    a = 1;
  }
  class Ruled {
    @real.Expose({ name: 'b' }) a = 1;
  }
  class Heir extends Ruled {}
  const rules = await load();
  const plain = new Plain();
  expect(rules?.apply(plain)).toBe(plain);
  expect(rules?.apply(new Heir())).toEqual({ b: 1 });
});

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
    const rules = await load();
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
      const rules = await load();
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
    const rules = await load();
    expect(rules?.apply(new Ruled())).toEqual({ counts: { a: 1 } });
  });
});

describe('Without class-transformer', () => {
  it('classes have no rules', async () => {
    jest.unstable_mockModule(PACKAGE, () => {
      throw Object.assign(new Error(), { code: 'ERR_MODULE_NOT_FOUND' });
    });
    expect(await load()).toBeUndefined();
  });

  it('that is there and broken, the start fails', async () => {
    jest.unstable_mockModule(PACKAGE, () => {
      throw new Error('broken');
    });
    await expect(load()).rejects.toThrow('broken');
  });
});

describe('A class-transformer that does not tell what it decorated', () => {
  it('is asked about every class that does not speak for itself', async () => {
    jest.unstable_mockModule(PACKAGE, () => real);
    // As of a second copy, with rules of nobody here.
    jest.unstable_mockModule(STORAGE, () => ({
      defaultMetadataStorage: Object.fromEntries(
        ['exclude', 'expose', 'transform', 'type'].map((kind) => [
          `_${kind}Metadatas`,
          new Map(),
        ]),
      ),
    }));
    const rules = await load();
    const { Exclude } = real;
    class Person {
      name = 'ann';
      @Exclude() hash = 'secret';
    }
    class Id {
      toJSON(): string {
        return 'id';
      }
    }
    expect(rules?.apply(new Person())).toEqual({ name: 'ann' });
    for (const other of [
      new Id(),
      new Date(),
      new Map(),
      Buffer.from('x'),
      {},
      Object.create(null) as object,
      [new Person()],
    ]) {
      expect(rules?.apply(other)).toBe(other);
    }
  });
});
