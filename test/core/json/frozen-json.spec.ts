import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { frozenJson, thawed } from '../../../src/core/json/frozen-json.js';
import { NotJsonError } from '../../../src/core/json/not-json-error.js';
import { isInstance } from '../../../src/core/is-instance.js';
import type { JsonValue } from '../../../src/protocol/json.js';
import { HOSTILE_VALUES } from '../../support/hostile/values.js';

/** The error of a value that is refused. */
function refusal(value: unknown): NotJsonError {
  try {
    frozenJson(value, 'identity');
  } catch (error) {
    if (error instanceof NotJsonError) return error;
  }
  throw new Error('It was not refused');
}

class ObjectId {
  readonly #bytes = 'a1b2';

  toJSON(): string {
    return this.#bytes;
  }
}

describe('A value that is kept', () => {
  it.each<[what: string, value: unknown, kept: JsonValue]>([
    ['null', null, null],
    ['a text', 'ann', 'ann'],
    ['minus zero', -0, 0],
    ['a Date', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['an ObjectId', new ObjectId(), 'a1b2'],
    ['such inside', { id: new ObjectId() }, { id: 'a1b2' }],
    ['nothing inside', { a: undefined, b: [undefined, 1] }, { b: [null, 1] }],
    [
      'boxed primitives',
      [Object(1), Object('a'), Object(true)],
      [1, 'a', true],
    ],
    [
      'an instance',
      new (class User {
        id = 1;
        isAdmin() {}
      })(),
      { id: 1 },
    ],
    ['an empty object', {}, {}],
    ['a sparse list', Object.assign([], { 2: 1 }), [null, null, 1]],
    ['a symbol as a key', { [Symbol('a')]: 1, b: 1 }, { b: 1 }],
    ['one object twice', ((a) => [a, a])({ b: 1 }), [{ b: 1 }, { b: 1 }]],
    [
      'a big integer with toJSON',
      Object.assign(Object(1n), { toJSON: () => '1' }),
      '1',
    ],
  ])('is as JSON has it: %s', (_what, value, kept) => {
    expect(frozenJson(value, 'identity')).toEqual(kept);
  });

  it.each<[what: string, value: unknown, path: string, kind: string]>([
    ['a bigint', 1n, 'identity', 'bigint'],
    ['one inside', { a: { 'b c': [0, 1n] } }, 'identity.a[...][1]', 'bigint'],
    ['a function', { roles: [1, 2, () => 3] }, 'identity.roles[2]', 'function'],
    ['a symbol', { a: Symbol('b') }, 'identity.a', 'symbol'],
    ['NaN', { age: NaN }, 'identity.age', 'number'],
    ['an invalid Date', { born: new Date(NaN) }, 'identity.born', 'number'],
    ['a Map', { rights: new Map() }, 'identity.rights', 'collection'],
    ['a Set', new Set(['a']), 'identity', 'collection'],
    ['a hollow instance', { id: new (class Id {})() }, 'identity.id', 'empty'],
    ['a RegExp', /a/, 'identity', 'empty'],
    ['a promise', Promise.resolve(1), 'identity', 'promise'],
    ['undefined', undefined, 'identity', 'undefined'],
    ['toJSON of nothing', { toJSON() {} }, 'identity', 'undefined'],
    ['toJSON of a bigint', { a: { toJSON: () => 1n } }, 'identity.a', 'bigint'],
    ['a cycle', HOSTILE_VALUES['cycle']?.(), 'identity.self[0]', 'cycle'],
    [
      'a getter that throws',
      HOSTILE_VALUES['throwing getter']?.(),
      'identity.id',
      'unreadable',
    ],
    [
      'a revoked proxy',
      HOSTILE_VALUES['revoked proxy']?.(),
      'identity',
      'unreadable',
    ],
  ])(
    'is refused where JSON cannot express it: %s',
    (_what, value, path, kind) => {
      const error = refusal(value);
      expect(error).toMatchObject({ path, kind, code: 'SNORKY_NOT_JSON' });
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toContain(`JSON cannot express ${path}: it`);
    },
  );

  it('is refused by a sentence that says what to do', () => {
    expect(refusal({ roles: ['a', 'b', 1n] }).message).toBe(
      'JSON cannot express identity.roles[2]: it is a bigint. Give its text: String(value).',
    );
  });

  it.each([
    'sk_live_51H8xyz',
    '9f86d081-884c-4d63',
    'ann@example.com',
    'b'.repeat(41),
    '',
    '__proto__ ',
    'a.b',
    'line\nbreak',
  ])('is refused by a path without what is no name of a member: %j', (key) => {
    const error = refusal({ sessions: { [key]: { id: 1n } } });
    expect(error.path).toBe('identity.sessions[...].id');
    if (key !== '') expect(`${error.stack}`).not.toContain(key);
  });

  it.each(['id', 'createdAt', 'address1', 'größe', '$ref', '_x'])(
    'is refused by a path with the name of a member: %s',
    (key) => {
      expect(refusal({ [key]: 1n }).path).toBe(`identity.${key}`);
    },
  );

  it('is refused when it nests too deeply, by a path of bounded length', () => {
    const error = refusal(HOSTILE_VALUES['deep nesting']?.());
    expect(error.kind).toBe('depth');
    expect(error.path.length).toBeLessThanOrEqual(200);
  });

  it('is what JSON would give, whatever JSON it is, and frozen throughout', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const kept = frozenJson(value, 'identity');
        expect(kept).toEqual(JSON.parse(JSON.stringify(value)));
        expectFrozen(kept);
        expect(
          kept === value && typeof value === 'object' && value !== null,
        ).toBe(false);
        expect(thawed(kept)).toEqual(kept);
      }),
    );
  });

  it.each(Object.entries(HOSTILE_VALUES))(
    'is JSON afterwards, or refused: %s',
    (_name, make) => {
      const value = make();
      if (isInstance(value, Promise)) {
        void Promise.prototype.then.call(value, undefined, () => {});
      }
      let kept: JsonValue;
      try {
        kept = frozenJson(value, 'identity');
      } catch (error) {
        expect(error).toBeInstanceOf(NotJsonError);
        return;
      }
      expect(JSON.parse(JSON.stringify(kept))).toEqual(kept);
      expectFrozen(kept);
    },
  );

  it('may have a member of the name of the prototype', () => {
    const value: unknown = JSON.parse('{"__proto__": {"admin": true}}');
    const kept = frozenJson(value, 'identity');
    expect(JSON.stringify(kept)).toBe('{"__proto__":{"admin":true}}');
    expect((kept as { admin?: unknown }).admin).toBeUndefined();
    expect(JSON.stringify(thawed(kept))).toBe('{"__proto__":{"admin":true}}');
  });
});

describe('A copy for others', () => {
  it('can be changed, and nothing else changes with it', () => {
    const kept = frozenJson({ roles: ['reader'] }, 'identity');
    const copy = thawed(kept) as { roles: string[]; admin?: boolean };
    copy.roles.push('admin');
    copy.admin = true;
    expect(kept).toEqual({ roles: ['reader'] });
  });
});

function expectFrozen(value: JsonValue): void {
  if (typeof value !== 'object' || value === null) return;
  expect(Object.isFrozen(value)).toBe(true);
  for (const member of Object.values(value)) expectFrozen(member as JsonValue);
}
