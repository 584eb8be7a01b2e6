import { describe, expect, it } from '@jest/globals';
import type { Dealer, JsonValue, SubscriptionItem } from 'snorky';
import { Random } from '../../harness/random.js';

/** A kind of dealer, and what its queries and rows look like. */
export interface DealerUnderTest {
  make(): Dealer;
  query(random: Random): JsonValue;
  row(random: Random): JsonValue;
}

/** Refuses to be changed, as whatever a log remembers must not be. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const member of Object.values(value)) frozen(member);
    Object.freeze(value);
  }
  return value;
}

/** What every dealer does, whichever way it finds its items. */
export function dealerContract(
  name: string,
  { make, query: randomQuery, row: randomRow }: DealerUnderTest,
): void {
  describe(`${name}, as every dealer,`, () => {
    const seed = Date.now() >>> 0;

    function itemFor(dealer: Dealer, query: JsonValue): SubscriptionItem {
      return { dealer: dealer.name, query: frozen(query), subscription: {} };
    }

    it('finds the items whose query matches, through random changes', () => {
      const random = new Random(seed);
      let met = 0;
      for (let round = 0; round < 40; round++) {
        const dealer = make();
        const items = new Set<SubscriptionItem>();
        const queries = Array.from({ length: 12 }, () => randomQuery(random));
        for (let step = 0; step < 120; step++) {
          const kind = random.below(5);
          if (kind === 0 && items.size > 0) {
            const item = [...items][random.below(items.size)];
            if (item === undefined) continue;
            items.delete(item);
            dealer.removeSubscriptionItem(item);
          } else if (kind < 3) {
            const query = queries[random.below(queries.length)] ?? null;
            const item = itemFor(dealer, query);
            items.add(item);
            dealer.addSubscriptionItem(item);
          } else {
            const row = frozen(randomRow(random));
            const found = [...dealer.getSubscriptionItemsForModel(row)];
            const expected = [...items].filter((item) =>
              dealer.matches(item.query, row),
            );
            met += found.length;
            const told = `seed ${seed}, round ${round}, step ${step}`;
            expect([told, found.length]).toEqual([told, expected.length]);
            expect([told, new Set(found)]).toEqual([told, new Set(expected)]);
          }
        }
        for (const item of items) dealer.removeSubscriptionItem(item);
        for (let i = 0; i < 5; i++) {
          const found = dealer.getSubscriptionItemsForModel(randomRow(random));
          expect([...found]).toEqual([]);
        }
      }
      // Rows that nobody asks for would prove nothing.
      expect(met).toBeGreaterThan(400);
    });

    it('answers the same for the same row, again and again', () => {
      const random = new Random(seed);
      const dealer = make();
      const pairs = Array.from({ length: 200 }, () => {
        return [
          frozen(randomQuery(random)),
          frozen(randomRow(random)),
        ] as const;
      });
      const once = pairs.map(([query, row]) => dealer.matches(query, row));
      const other = make();
      const again = pairs.toReversed().map(([query, row]) => {
        return other.matches(query, structuredClone(row));
      });
      expect(again.toReversed()).toEqual(once);
      expect(new Set(once).size).toBe(name.includes('Broadcast') ? 1 : 2);
    });

    it('takes every query that it is tested with', () => {
      const random = new Random(seed);
      const dealer = make();
      for (let i = 0; i < 100; i++) {
        expect(() => dealer.checkQuery(randomQuery(random))).not.toThrow();
      }
    });

    it('keeps two items of one query apart', () => {
      const random = new Random(seed);
      const dealer = make();
      let query = randomQuery(random);
      let row = randomRow(random);
      while (!dealer.matches(query, row)) {
        query = randomQuery(random);
        row = randomRow(random);
      }
      const one = itemFor(dealer, query);
      const two = itemFor(dealer, structuredClone(query));
      dealer.addSubscriptionItem(one);
      dealer.addSubscriptionItem(two);
      expect([...dealer.getSubscriptionItemsForModel(row)]).toEqual([one, two]);
      dealer.removeSubscriptionItem(one);
      expect([...dealer.getSubscriptionItemsForModel(row)]).toEqual([two]);
      // Again, and one that never was there
      dealer.removeSubscriptionItem(one);
      dealer.removeSubscriptionItem(itemFor(dealer, query));
      expect([...dealer.getSubscriptionItemsForModel(row)]).toEqual([two]);
      dealer.removeSubscriptionItem(two);
      expect([...dealer.getSubscriptionItemsForModel(row)]).toEqual([]);
    });

    it('is called like its class unless it says otherwise', () => {
      const dealer = make();
      expect(dealer.name).toBe(dealer.constructor.name);
      expect(dealer.name).not.toBe('');
    });
  });
}
