import { describe, expect, it } from '@jest/globals';
import {
  BroadcastDealer,
  Dealer,
  FilterDealer,
  RpcError,
  SimpleDealer,
  type Delta,
  type ItemRequest,
  type JsonObject,
  type JsonValue,
  type SubscriptionItem,
} from 'snorky';
import { isJsonObject } from '../../../src/protocol/json.js';
import { DataSyncEngine } from '../../../src/services/datasync/datasync.engine.js';
import { Subscription } from '../../../src/services/datasync/delivery/subscription.js';
import { LocalClient } from '../../support/servers/local-client.js';
import { Random } from '../../../harness/random.js';
import { randomFilter, randomRow } from './filter/naive-filter.js';

class All extends BroadcastDealer {
  readonly model = 'Task';
}

class ByKey extends SimpleDealer<JsonObject> {
  readonly model = 'Task';

  getKeyForModel({ key }: JsonObject): JsonValue | undefined {
    return key;
  }
}

class Filtered extends FilterDealer {
  readonly model = 'Task';
}

/** Only `matches`, and that throws for some rows. */
class Moody extends Dealer<JsonObject> {
  readonly model: string = 'Task';

  matches(query: JsonValue, { mood, key }: JsonObject): boolean {
    if (mood === 'bad') throw new Error('A bad mood');
    return query === key;
  }
}

interface Failure {
  readonly dealer: string;
  readonly error: unknown;
}

class World {
  readonly failures: Failure[] = [];
  readonly engine = new DataSyncEngine((dealer, error) => {
    this.failures.push({ dealer: dealer.name, error });
  });
  private made = 0;

  constructor(...dealers: Dealer<never>[]) {
    for (const dealer of dealers) this.engine.addDealer(dealer);
  }

  subscription(...items: ItemRequest[]): Subscription {
    const token = `s${this.made++}`;
    return new Subscription(token, new LocalClient(), false, items);
  }

  subscribe(...items: ItemRequest[]): Subscription {
    const subscription = this.subscription(...items);
    this.engine.register(subscription);
    return subscription;
  }

  /** What each subscription hears, as `<token> <type>` in any order. */
  heard(delta: Delta): string[] {
    return this.engine
      .route(delta)
      .flatMap((routed) =>
        routed.to.map(({ token }) => `${token} ${routed.delta.type}`),
      )
      .toSorted();
  }
}

function update(
  oldData: JsonValue,
  newData: JsonValue,
  version?: number,
): Delta {
  const delta = { type: 'update' as const, model: 'Task', newData, oldData };
  return version === undefined ? delta : { ...delta, version };
}

function byKey(query: JsonValue): ItemRequest {
  return { dealer: 'ByKey', query };
}

const all: ItemRequest = { dealer: 'All', query: null };

describe('Routing', () => {
  it.each<[old: boolean, now: boolean, hears: object | undefined]>([
    [false, false, undefined],
    [
      false,
      true,
      { type: 'insert', model: 'Task', data: { key: 1, n: 2 }, version: 9 },
    ],
    [
      true,
      true,
      {
        type: 'update',
        model: 'Task',
        newData: { key: 1, n: 2 },
        oldData: { key: 1, n: 1 },
        version: 9,
      },
    ],
    [
      true,
      false,
      { type: 'delete', model: 'Task', data: { key: 1, n: 1 }, version: 9 },
    ],
  ])('of an update from %s to %s', (old, now, hears) => {
    const row = (matches: boolean, n: number): JsonValue => {
      return { key: matches ? 1 : 0, n };
    };
    const delta = update(row(old, 1), row(now, 2), 9);
    for (const dealer of [new ByKey(), new Filtered(), new Moody()]) {
      const world = new World(dealer);
      const query = dealer instanceof Filtered ? ['==', 'key', 1] : 1;
      const subscription = world.subscribe({ dealer: dealer.name, query });
      const routed = world.engine.route(delta);
      expect(routed).toEqual(
        hears === undefined ? [] : [{ delta: hears, to: [subscription] }],
      );
      expect(world.engine.replay(subscription, delta)).toEqual(hears);
    }
  });

  it('leaves out the version that a delta does not have', () => {
    const world = new World(new ByKey());
    world.subscribe(byKey(1));
    const [routed] = world.engine.route(update({ key: 0 }, { key: 1 }));
    expect(routed?.delta).toStrictEqual({
      type: 'insert',
      model: 'Task',
      data: { key: 1 },
    });
  });

  it.each(['insert', 'delete'] as const)(
    'of an %s goes to whom the row concerns',
    (type) => {
      const world = new World(new ByKey(), new All());
      world.subscribe(byKey(1));
      world.subscribe(byKey(2));
      world.subscribe(all);
      const delta = { type, model: 'Task', data: { key: 1 } };
      expect(world.heard(delta)).toEqual([`s0 ${type}`, `s2 ${type}`]);
    },
  );

  it('tells nobody where a dealer answers by promises, and says so', () => {
    class Late extends Dealer {
      readonly model = 'Task';

      override checkQuery(query: JsonValue): void {
        if (query === 'late') return Promise.reject(new Error('No')) as never;
      }

      matches(): boolean {
        return Promise.reject(new Error('Too late')) as unknown as boolean;
      }
    }
    const world = new World(new Late(), new All());
    const late = world.subscribe({ dealer: 'Late', query: 1 });
    world.subscribe(all);
    const delta: Delta = { type: 'insert', model: 'Task', data: { key: 1 } };
    expect(world.heard(delta)).toEqual(['s1 insert']);
    expect(world.engine.replay(late, delta)).toBeUndefined();
    expect(world.failures.map(({ error }) => (error as Error).message)).toEqual(
      Array(2).fill(
        'matches() of dealer "Late" must answer true or false, at once, not a promise.',
      ),
    );
    expect(() =>
      world.engine.checkItems([{ dealer: 'Late', query: 'late' }]),
    ).toThrow('checkQuery() of dealer "Late" must answer nothing, at once');
  });

  it('tells a subscription once, whichever of its items match', () => {
    const world = new World(new ByKey(), new All(), new Filtered());
    world.subscribe(byKey(1), byKey(1), all, all, {
      dealer: 'Filtered',
      query: ['and'],
    });
    const insert: Delta = { type: 'insert', model: 'Task', data: { key: 1 } };
    expect(world.heard(insert)).toEqual(['s0 insert']);
    expect(world.heard(update({ key: 1 }, { key: 1 }))).toEqual(['s0 update']);
  });

  it('takes a row that moves between items of one subscription as an update', () => {
    const world = new World(new ByKey(), new Filtered());
    const filter = { dealer: 'Filtered', query: ['==', 'key', 2] };
    world.subscribe(byKey(1), byKey(2));
    world.subscribe(byKey(1));
    world.subscribe(byKey(2));
    world.subscribe(byKey(1), filter);
    const heard = world.heard(update({ key: 1 }, { key: 2 }));
    expect(heard).toEqual(['s0 update', 's1 delete', 's2 insert', 's3 update']);
  });

  it('tells two subscriptions of one client twice', () => {
    const world = new World(new All());
    const client = new LocalClient();
    const make = (token: string): Subscription =>
      new Subscription(token, client, false, [all]);
    world.engine.register(make('a'));
    world.engine.register(make('b'));
    const delta: Delta = { type: 'insert', model: 'Task', data: 1 };
    expect(world.heard(delta)).toEqual(['a insert', 'b insert']);
  });

  it('ends when the subscription is unregistered', () => {
    const world = new World(new ByKey(), new All());
    const subscription = world.subscribe(byKey(1), all, byKey(1));
    world.engine.unregister(subscription);
    expect(world.heard(update({ key: 1 }, { key: 1 }))).toEqual([]);
  });

  it('knows which models have a dealer', () => {
    const { engine } = new World(new All());
    expect(engine.hasModel('Task')).toBe(true);
    expect(engine.hasModel('constructor')).toBe(false);
    expect(
      engine.route({ type: 'insert', model: 'constructor', data: 1 }),
    ).toEqual([]);
  });

  it('does not let a model hear of another’s rows', () => {
    class Others extends BroadcastDealer {
      readonly model = 'Other';
    }
    const world = new World(new All(), new Others());
    world.subscribe(all);
    const other = world.subscribe({ dealer: 'Others', query: 1 });
    const delta: Delta = { type: 'insert', model: 'Task', data: 1 };
    expect(world.heard(delta)).toEqual(['s0 insert']);
    expect(world.engine.replay(other, delta)).toBeUndefined();
  });
});

describe('A dealer that throws', () => {
  it.each([
    ['the old', update({ mood: 'bad', key: 1 }, { key: 1 })],
    ['the new', update({ key: 1 }, { mood: 'bad', key: 1 })],
  ])('for %s row is left out for both', (_, delta) => {
    const world = new World(new Moody(), new All());
    const moody = world.subscribe({ dealer: 'Moody', query: 1 });
    world.subscribe(all);
    expect(world.heard(delta)).toEqual(['s1 update']);
    expect(world.failures).toEqual([
      { dealer: 'Moody', error: expect.any(Error) },
    ]);
    expect(world.engine.replay(moody, delta)).toBeUndefined();
    expect(world.failures).toHaveLength(2);
  });

  it('does not spoil what another item of the subscription says', () => {
    const world = new World(new Moody(), new ByKey());
    const items = [{ dealer: 'Moody', query: 1 }, byKey(2)];
    const subscription = world.subscribe(...items);
    const delta = update({ mood: 'bad', key: 1 }, { key: 2 });
    // As if the moody one was not there: row 2 comes in.
    expect(world.heard(delta)).toEqual(['s0 insert']);
    expect(world.engine.replay(subscription, delta)?.type).toBe('insert');
  });

  it('is the simple one, when a row has no key', () => {
    const world = new World(new ByKey(), new All());
    world.subscribe(byKey(1));
    world.subscribe(all);
    expect(world.heard({ type: 'insert', model: 'Task', data: {} })).toEqual([
      's1 insert',
    ]);
    expect(world.heard({ type: 'insert', model: 'Task', data: null })).toEqual([
      's1 insert',
    ]);
    expect(world.failures.map(({ dealer }) => dealer)).toEqual([
      'ByKey',
      'ByKey',
    ]);
  });

  it('half way through a generator is left out for both sides', () => {
    class Generating extends Dealer<JsonObject> {
      readonly model = 'Task';
      private readonly mine: SubscriptionItem[] = [];

      matches(): boolean {
        return true;
      }

      override addSubscriptionItem(item: SubscriptionItem): void {
        this.mine.push(item);
      }

      override *getSubscriptionItemsForModel(
        row: JsonObject,
      ): Iterable<SubscriptionItem> {
        for (const item of this.mine) {
          yield item;
          if (row['bad'] === true) throw new Error('Half way');
        }
      }
    }
    const world = new World(new Generating(), new All());
    world.subscribe({ dealer: 'Generating', query: 1 });
    world.subscribe(all);
    const good = { bad: false };
    const bad = { bad: true };
    expect(world.heard(update(good, good))).toEqual(['s0 update', 's1 update']);
    expect(world.heard(update(good, bad))).toEqual(['s1 update']);
    expect(world.heard(update(bad, good))).toEqual(['s1 update']);
    expect(world.heard({ type: 'insert', model: 'Task', data: bad })).toEqual([
      's1 insert',
    ]);
    // Nothing of the failures sticks to the next delta.
    expect(world.heard(update(good, good))).toEqual(['s0 update', 's1 update']);
  });

  it('on registration undoes what was registered before it', () => {
    class Picky extends All {
      override addSubscriptionItem(): void {
        throw new Error('Not you');
      }
    }
    const world = new World(new All(), new ByKey(), new Picky());
    const items = [all, byKey(1), { dealer: 'Picky', query: 1 }];
    expect(() => world.subscribe(...items)).toThrow('Not you');
    expect(world.heard(update({ key: 1 }, { key: 1 }))).toEqual([]);
  });

  it('on removal does not keep the others’ items', () => {
    class Sticky extends BroadcastDealer {
      readonly model = 'Glue';

      override removeSubscriptionItem(): void {
        throw new Error('Stays');
      }
    }
    const world = new World(new Sticky(), new ByKey());
    const items = [{ dealer: 'Sticky', query: 1 }, byKey(1)];
    const subscription = world.subscribe(...items);
    world.engine.unregister(subscription);
    expect(world.failures).toEqual([
      { dealer: 'Sticky', error: expect.any(Error) },
    ]);
    expect(world.heard(update({ key: 1 }, { key: 1 }))).toEqual([]);
  });
});

describe('Items', () => {
  it.each<[items: JsonValue, error: string]>([
    [null, 'items should be a list'],
    [{}, 'items should be a list'],
    ['', 'items should be a list'],
    [7, 'items should be a list'],
    [[null], 'An item should be an object'],
    [['All'], 'An item should be an object'],
    [[[]], 'An item should be an object'],
    [[{}], "Missing field 'dealer'"],
    [[{ query: 1 }], "Missing field 'dealer'"],
    [[{ dealer: null, query: 1 }], 'dealer should be a dealer name'],
    [[{ dealer: ['All'] }], 'dealer should be a dealer name'],
    [[{ dealer: 'Nobody' }], 'No such dealer'],
    [[{ dealer: 'constructor', query: 1 }], 'No such dealer'],
    [[{ dealer: '', query: 1 }], 'No such dealer'],
    [[{ dealer: 'All' }], "Missing field 'query'"],
    [[{ dealer: 'Filtered', query: 1 }], 'Invalid filter: a filter is a list'],
    // The first failure wins
    [[{ dealer: 'All', query: 1 }, {}, null], "Missing field 'dealer'"],
  ])('%j are refused: %s', (items, error) => {
    const { engine } = new World(new All(), new Filtered());
    const check = (): unknown => engine.checkItems(items);
    expect(check).toThrow(RpcError);
    expect(check).toThrow(expect.objectContaining({ value: error }));
  });

  it('are taken without their further fields', () => {
    const { engine } = new World(new All());
    expect(engine.checkItems([])).toEqual([]);
    expect(
      engine.checkItems([{ dealer: 'All', query: null, more: 1 }]),
    ).toStrictEqual([all]);
  });

  it('of one dealer name belong to one dealer', () => {
    const { engine } = new World(new All());
    expect(engine.addDealer(new All())).toBe(false);
  });
});

describe('A replay', () => {
  it('tells all who missed a change the same delta, of which a text is made once', () => {
    const world = new World(new ByKey());
    const [one, other] = [1, 2].map(() =>
      world.subscribe({ dealer: 'ByKey', query: 'a' }),
    ) as [Subscription, Subscription];
    const came = update({ key: 'b' }, { key: 'a' }, 7);
    const left = update({ key: 'a' }, { key: 'b' }, 8);
    for (const delta of [came, left]) {
      const [live] = world.engine.route(delta);
      const missed = world.engine.replay(one, delta);
      expect(missed).toBe(live?.delta);
      expect(world.engine.replay(other, delta)).toBe(missed);
    }
  });

  it('tells a subscription what it would have heard live', () => {
    const seed = Date.now() >>> 0;
    const random = new Random(seed);
    const row = (): JsonValue => {
      const some = randomRow(random);
      if (!isJsonObject(some)) return some;
      // Without a key ByKey throws, in a bad mood Moody does.
      return {
        ...some,
        ...(random.chance(0.9) ? { key: random.below(4) } : {}),
        ...(random.chance(0.1) ? { mood: 'bad' } : {}),
      };
    };
    const item = (): ItemRequest => {
      const dealer = random.pick([
        'All',
        'ByKey',
        'Filtered',
        'Moody',
      ] as const);
      const query =
        dealer === 'Filtered' ? randomFilter(random) : random.below(4);
      return { dealer, query };
    };
    let heard = 0;
    for (let round = 0; round < 100; round++) {
      const world = new World(
        new ByKey(),
        new Filtered(),
        new Moody(),
        ...(random.chance(0.3) ? [new All()] : []),
      );
      const subscriptions = Array.from({ length: 12 }, () => {
        const items = Array.from({ length: random.below(4) }, item);
        return world.subscribe(...items);
      });
      for (let step = 0; step < 100; step++) {
        const delta: Delta = random.chance(0.5)
          ? update(row(), row(), step)
          : {
              type: random.pick(['insert', 'delete'] as const),
              model: 'Task',
              data: row(),
            };
        const live = new Map<unknown, Delta>();
        for (const routed of world.engine.route(delta)) {
          for (const subscription of routed.to) {
            expect(live.has(subscription)).toBe(false);
            live.set(subscription, routed.delta);
          }
        }
        heard += live.size;
        for (const subscription of subscriptions) {
          const told = `seed ${seed}, round ${round}, step ${step}`;
          expect([told, world.engine.replay(subscription, delta)]).toEqual([
            told,
            live.get(subscription),
          ]);
        }
      }
    }
    expect(heard).toBeGreaterThan(10_000);
  });
});
