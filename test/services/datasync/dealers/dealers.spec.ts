import { describe, expect, it } from '@jest/globals';
import {
  BroadcastDealer,
  FilterDealer,
  RpcError,
  SimpleDealer,
  type JsonObject,
  type JsonValue,
} from 'snorky';

class Simple extends SimpleDealer<JsonObject> {
  readonly model = 'Task';

  getKeyForModel({ key }: JsonObject): JsonValue | undefined {
    return key;
  }
}

class Filter extends FilterDealer {
  readonly model = 'Task';
}

class SmallFilter extends FilterDealer {
  readonly model = 'Task';
  override readonly limits = { depth: 2, size: 3 };
}

class Broadcast extends BroadcastDealer {
  readonly model = 'Task';
}

describe('A simple dealer', () => {
  it.each<[query: JsonValue, key: JsonValue, matches: boolean]>([
    [1, 1, true],
    [1, 1.0, true],
    [0, -0, true],
    [1, '1', false],
    [1, true, false],
    [0, false, false],
    [null, null, true],
    [null, 0, false],
    ['', null, false],
    ['null', null, false],
    [[1, 2], [1, 2], true],
    [[1, 2], [2, 1], false],
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
    [{ a: 1 }, { a: true }, false],
    [{}, [], false],
  ])('on the key %j finds %j: %s', (query, key, matches) => {
    const dealer = new Simple();
    const item = { dealer: 'Simple', query, subscription: {} };
    dealer.addSubscriptionItem(item);
    expect(dealer.matches(query, { key })).toBe(matches);
    expect([...dealer.getSubscriptionItemsForModel({ key })]).toEqual(
      matches ? [item] : [],
    );
  });

  it('takes instances for keys as JSON has them, and no other', () => {
    class Id {
      constructor(readonly hex: string) {}

      toJSON(): string {
        return this.hex;
      }
    }
    class ById extends SimpleDealer<{ readonly id: unknown }> {
      readonly model = 'Task';

      getKeyForModel({ id }: { readonly id: unknown }): JsonValue {
        return id as JsonValue;
      }
    }
    const dealer = new ById();
    const item = { dealer: 'ById', query: 'a1', subscription: {} };
    dealer.addSubscriptionItem(item);
    const found = (id: unknown): unknown[] => [
      ...dealer.getSubscriptionItemsForModel({ id }),
    ];
    expect(found(new Id('a1'))).toEqual([item]);
    expect(found(new Id('b2'))).toEqual([]);
    dealer.addSubscriptionItem({ ...item, query: {} });
    expect(() => found(new (class Opaque {})())).toThrow(
      'JSON cannot express the key of "Task"',
    );
    expect(() => found(1n)).toThrow('it is a bigint');
    expect(() => dealer.matches({}, { id: new Map() })).toThrow('it is a Map');
  });

  it('says which rows have no key, instead of inventing one', () => {
    const dealer = new Simple();
    const told = 'Simple found no key in a row of "Task".';
    expect(() => dealer.getSubscriptionItemsForModel({})).toThrow(told);
    expect(() => dealer.matches(null, {})).toThrow(told);
  });
});

describe('A filter dealer', () => {
  it('refuses a malformed query with an error for the wire', () => {
    const dealer = new Filter();
    const refusal = expect.objectContaining({
      value: 'Invalid filter at [1][0]: unknown operator',
    });
    expect(() => dealer.checkQuery(['not', ['~']])).toThrow(RpcError);
    expect(() => dealer.checkQuery(['not', ['~']])).toThrow(refusal);
    expect(() => dealer.checkQuery(['==', 'a', 1])).not.toThrow();
  });

  it('has limits that a subclass can change', () => {
    const dealer = new SmallFilter();
    expect(() => dealer.checkQuery(['not', ['not', ['and']]])).toThrow(
      expect.objectContaining({
        value: 'Invalid filter at [1][1]: more than 2 levels',
      }),
    );
    expect(() => dealer.checkQuery(['or', ['and'], ['and']])).not.toThrow();
  });

  it('answers for more filters than it remembers', () => {
    const dealer = new Filter();
    for (let n = 0; n < 25_000; n++) {
      const query = ['==', 'a', n];
      expect(dealer.matches(query, { a: n })).toBe(true);
      expect(dealer.matches(query, { a: n + 1 })).toBe(false);
    }
  });
});

describe('A broadcast dealer', () => {
  it.each<[JsonValue]>([[null], [[]], [['~']], [{ any: 'thing' }], [7]])(
    'takes the query %j',
    (query) => {
      const dealer = new Broadcast();
      expect(() => dealer.checkQuery(query)).not.toThrow();
      expect(dealer.matches()).toBe(true);
    },
  );
});
