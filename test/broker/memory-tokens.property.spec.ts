import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { MemoryBroker } from '../../src/broker/memory/memory-broker.js';
import { MemoryStore } from '../../src/broker/memory/memory-store.js';

interface NaiveToken {
  value: number;
  holder: string | undefined;
  /** When it is gone, unless somebody holds it. */
  end: number;
}

const token = fc.constantFrom('t', 'u', 'v');
const holder = fc.constantFrom('me', 'you');
const node = fc.constantFrom('a' as const, 'b' as const);
const ttl = fc.constantFrom(0, 1, 10, 50, 200, Infinity);
const value = fc.nat({ max: 9 });
const command = fc.oneof(
  fc.record({ do: fc.constant('put' as const), node, token, value, ttl }),
  fc.record({
    do: fc.constant('claim' as const),
    node,
    token,
    holder,
    takeOver: fc.boolean(),
  }),
  fc.record({
    do: fc.constant('release' as const),
    node,
    token,
    holder,
    ttl,
    value: fc.option(value, { nil: undefined }),
  }),
  fc.record({ do: fc.constant('remove' as const), node, token }),
  fc.record({
    do: fc.constant('wait' as const),
    time: fc.constantFrom(1, 9, 40, 150),
  }),
);
type Command = typeof command extends fc.Arbitrary<infer C> ? C : never;

describe('Memory tokens', () => {
  it('behave as naive ones, and each expiry is told once', () => {
    jest.useFakeTimers();
    try {
      fc.assert(
        fc.property(fc.array(command, { maxLength: 60, size: 'max' }), check),
        {
          numRuns: 1_000,
        },
      );
    } finally {
      jest.useRealTimers();
    }
  });

  function check(commands: readonly Command[]): void {
    const store = new MemoryStore();
    const nodes = {
      a: new MemoryBroker({ store, node: 'a' }),
      b: new MemoryBroker({ store, node: 'b' }),
    };
    const expired: string[] = [];
    for (const { tokens } of [nodes.a, nodes.b]) {
      tokens.onExpired((name, last) =>
        expired.push(`${name}=${JSON.stringify(last)}`),
      );
    }
    const naive = new Map<string, NaiveToken>();
    const due: string[] = [];
    let now = 0;

    for (const step of commands) {
      if (step.do === 'wait') {
        now += step.time;
        jest.advanceTimersByTime(step.time);
        for (const [name, { value, holder, end }] of naive) {
          if (holder !== undefined || end > now) continue;
          naive.delete(name);
          due.push(`${name}=${value}`);
        }
        expect([...expired].sort()).toEqual([...due].sort());
        continue;
      }
      const { tokens } = nodes[step.node];
      const known = naive.get(step.token);
      // One without time to live is gone at once, and told of a turn later.
      const isGone =
        known === undefined || (known.holder === undefined && known.end <= now);
      if (step.do === 'put') {
        tokens.put(step.token, step.value, step.ttl);
        naive.set(step.token, {
          value: step.value,
          holder: undefined,
          end: now + step.ttl,
        });
      } else if (step.do === 'claim') {
        const { takeOver } = step;
        const isFree =
          known?.holder === undefined || known.holder === step.holder;
        const wins = !isGone && (isFree || takeOver);
        expect(tokens.claim(step.token, step.holder, { takeOver })).toBe(
          wins ? known.value : undefined,
        );
        if (wins) known.holder = step.holder;
      } else if (step.do === 'release') {
        const isHeld = !isGone && known.holder === step.holder;
        expect(
          tokens.release(step.token, step.holder, step.ttl, step.value),
        ).toBe(isHeld);
        if (isHeld) {
          known.holder = undefined;
          known.value = step.value ?? known.value;
          known.end = now + step.ttl;
        }
      } else {
        expect(tokens.remove(step.token)).toBe(!isGone);
        if (!isGone) naive.delete(step.token);
      }
    }

    jest.advanceTimersByTime(1_000);
    const held = [...naive.values()].filter(
      ({ holder, end }) => holder !== undefined || end === Infinity,
    );
    expect(store.usage()).toMatchObject({ tokens: held.length, alarms: 0 });
    nodes.a.close();
    nodes.b.close();
  }
});
