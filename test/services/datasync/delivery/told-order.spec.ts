import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Client } from '../../../../src/core/clients/client.js';
import type { Mark } from '../../../../src/services/datasync/log/log-tally.js';
import { Subscription } from '../../../../src/services/datasync/delivery/subscription.js';
import { ToldOrder } from '../../../../src/services/datasync/delivery/told-order.js';

/** Takes all out, those that were told least recently first. */
function drain(order: ToldOrder<Subscription>): [Subscription, Mark][] {
  const found: [Subscription, Mark][] = [];
  // Wrong links may lead round for ever.
  while (order.first !== undefined && found.length < 10) {
    const { subscription, mark } = order.first;
    found.push([subscription, mark]);
    order.delete(subscription);
  }
  return found;
}

describe('The order in which subscriptions were told', () => {
  const step = fc.record({
    act: fc.constantFrom('add', 'renew', 'add', 'renew', 'delete'),
    which: fc.nat({ max: 5 }),
  });

  it('is that of a map to which each is added again', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const subscriptions = Array.from(
          { length: 6 },
          (_, i) => new Subscription(`${i}`, {} as Client, true, []),
        );
        const order = new ToldOrder<Subscription>();
        const map = new Map<Subscription, Mark>();
        for (const [time, { act, which }] of steps.entries()) {
          const subscription = subscriptions[which] as Subscription;
          const mark = { entries: 0, units: 0, time };
          const isIn = map.has(subscription);
          order[act as 'add' | 'renew' | 'delete'](subscription, mark);
          // Who is there already is not added, who is not there is not renewed.
          if (act === 'add' ? isIn : act === 'renew' && !isIn) continue;
          map.delete(subscription);
          if (act !== 'delete') map.set(subscription, mark);
        }
        expect(drain(order)).toStrictEqual([...map]);
        expect(subscriptions.map(({ told }) => told)).toStrictEqual(
          subscriptions.map(() => undefined),
        );
      }),
    );
  });
});
