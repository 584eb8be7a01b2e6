import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PubSubEngine } from '../../../src/services/pubsub/pubsub.engine.js';

interface Subscriber {
  readonly name: string;
}

const [ann, bob] = [{ name: 'ann' }, { name: 'bob' }] as const;

describe('The engine of publish/subscribe', () => {
  it('knows who is subscribed to what', () => {
    const engine = new PubSubEngine<Subscriber>();
    const [news, sport] = [PubSubEngine.key('news'), PubSubEngine.key('sport')];
    engine.add(ann, news);
    engine.add(bob, news);
    engine.add(ann, sport);
    expect([...engine.recipients(news)]).toEqual([ann, bob]);
    expect([...engine.recipients(sport)]).toEqual([ann]);
    expect([...engine.keysOf(ann)]).toEqual([news, sport]);
    expect(engine.has(bob, sport)).toBe(false);
    expect(engine.delete(bob, sport)).toBe(false);
    expect(engine.delete(ann, news)).toBe(true);
    expect(engine.delete(ann, news)).toBe(false);
    expect([...engine.recipients(news)]).toEqual([bob]);
    expect([...engine.keysOf(ann)]).toEqual([sport]);
  });

  it('takes any JSON for a channel', () => {
    expect(PubSubEngine.key({ a: 1, b: [2] })).toBe(
      PubSubEngine.key({ b: [2], a: 1.0 }),
    );
    const keys = [1, '1', true, null, '', [], {}, [1], ['1']].map((channel) =>
      PubSubEngine.key(channel),
    );
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('has nobody for a channel that nobody subscribed to', () => {
    const engine = new PubSubEngine<Subscriber>();
    expect([...engine.recipients('"none')]).toEqual([]);
    expect([...engine.keysOf(ann)]).toEqual([]);
    expect(engine.delete(ann, '"none')).toBe(false);
  });

  it('behaves as a naive one', () => {
    const subscriber = fc.constantFrom<Subscriber>(ann, bob, { name: 'eve' });
    const step = fc.record({
      add: fc.boolean(),
      who: subscriber,
      key: fc.constantFrom('"a', '"b', '1'),
    });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const engine = new PubSubEngine<Subscriber>();
        const naive = new Set<string>();
        for (const { add, who, key } of steps) {
          const pair = `${who.name} ${key}`;
          if (add) engine.add(who, key);
          else expect(engine.delete(who, key)).toBe(naive.has(pair));
          if (add) naive.add(pair);
          else naive.delete(pair);
          expect(engine.has(who, key)).toBe(naive.has(pair));
          const names = [...engine.recipients(key)].map(
            ({ name }) => `${name} ${key}`,
          );
          expect(names.sort()).toEqual(
            [...naive].filter((one) => one.endsWith(` ${key}`)).sort(),
          );
          const keys = [...engine.keysOf(who)].map(
            (one) => `${who.name} ${one}`,
          );
          expect(keys.sort()).toEqual(
            [...naive].filter((one) => one.startsWith(`${who.name} `)).sort(),
          );
        }
      }),
    );
  });
});
