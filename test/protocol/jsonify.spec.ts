import { describe, expect, it } from '@jest/globals';
import { encodeJson } from '../../src/protocol/envelope.js';
import type { Jsonify } from '../../src/protocol/jsonify.js';

/** What arrives of a value. `Jsonify` says its type, JSON what it is. */
function received<T>(value: T): Jsonify<T> {
  return JSON.parse(encodeJson(value)) as Jsonify<T>;
}

const SINCE = new Date('2026-12-24T18:00:00Z');

class Money {
  constructor(
    readonly amount: number,
    private readonly since: Date,
  ) {}

  toJSON(key: string): { key: string; amount: number; since: Date } {
    return { key, amount: this.amount, since: this.since };
  }
}

class Itself {
  readonly size = 1;

  toJSON(): this {
    return this;
  }
}

class Task {
  readonly id = 1;
  due?: Date | undefined = undefined;
  since = SINCE;
  note: string | undefined = undefined;
  readonly [Symbol.toStringTag] = 'Task';
  readonly tags = new Set(['a']);
  readonly whose = new Map([['a', SINCE]]);
  readonly name = /a/;
  readonly later = Promise.resolve(1);
  readonly bytes = new Uint8Array([1, 2]);
  #hidden = 0;

  again = (): number => ++this.#hidden;

  close(): void {
    this.#hidden = 0;
  }
}

// `satisfies` is the assertion about types, `toStrictEqual` about values.
describe('Jsonify', () => {
  it('says what dates become', () => {
    const date = received(SINCE);
    expect(date).toStrictEqual(
      '2026-12-24T18:00:00.000Z' satisfies typeof date,
    );
  });

  it('says what objects with toJSON become', () => {
    const money = received({ money: new Money(7, SINCE) });
    expect(money).toStrictEqual({
      money: { key: 'money', amount: 7, since: SINCE.toISOString() },
    } satisfies typeof money);
  });

  it('asks for toJSON once only', () => {
    const itself = received(new Itself());
    expect(itself).toStrictEqual({ size: 1 } satisfies typeof itself);
  });

  it('says what remains of an object', () => {
    const task = received(new Task());
    expect(task).toStrictEqual({
      id: 1,
      since: SINCE.toISOString(),
      tags: {},
      whose: {},
      name: {},
      later: {},
      bytes: { 0: 1, 1: 2 },
    } satisfies typeof task);
  });

  it('says nothing of what is private, and is sent', () => {
    class Account {
      readonly name = 'ada';
      private readonly password = 'swordfish';

      matches(password: string): boolean {
        return password === this.password;
      }
    }
    const account = received(new Account());
    const told = { name: 'ada' } satisfies typeof account;
    expect(account).toStrictEqual({ ...told, password: 'swordfish' });
  });

  it('says what remains of a list', () => {
    const list = received([SINCE, undefined, () => 1]);
    expect(list).toStrictEqual([
      SINCE.toISOString(),
      null,
      null,
    ] satisfies typeof list);
  });

  it('says what remains of a tuple', () => {
    const tuple = received<readonly [Date, symbol, number?]>([SINCE, Symbol()]);
    expect(tuple).toStrictEqual([
      SINCE.toISOString(),
      null,
    ] satisfies typeof tuple);
  });

  it('says that no result is null', () => {
    const nothing = received(undefined);
    expect(nothing).toStrictEqual(null satisfies typeof nothing);
  });

  it.each([
    ['a big integer', 1n],
    ['a big integer in an object', { big: 1n }],
    ['a function', () => 1],
    ['a symbol', Symbol('a')],
  ])('leaves nothing of what cannot be sent: %s', (_what, value) => {
    expect(() => received(value)).toThrow(TypeError);
  });
});
