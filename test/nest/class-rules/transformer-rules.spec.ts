import { afterEach, describe, expect, it, jest } from '@jest/globals';
import * as real from 'class-transformer';
import 'reflect-metadata';
import type { ClassRules } from '../../../src/core/json/class-rules.js';

const PACKAGE = 'class-transformer';
const STORAGE = 'class-transformer/cjs/storage.js';

afterEach(() => {
  jest.resetModules();
});

async function load(): Promise<ClassRules | undefined> {
  const { transformerRules } =
    await import('../../../src/nest/class-rules/transformer-rules.js');
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
