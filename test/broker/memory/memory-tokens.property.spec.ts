import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { MemoryBroker } from '../../../src/broker/memory/memory-broker.js';
import { MemoryStore } from '../../../src/broker/memory/memory-store.js';

interface NaiveToken {
  value: number;
  holder: string | undefined;
  readonly binding: string | undefined;
  /** When it is gone, unless somebody holds it. */
  end: number;
}

const token = fc.constantFrom('t', 'u', 'v');
const holder = fc.constantFrom('me', 'you');
const node = fc.constantFrom('a' as const, 'b' as const);
const ttl = fc.constantFrom(0, 1, 10, 50, 200, Infinity);
const value = fc.nat({ max: 9 });
const binding = fc.option(fc.constantFrom('ann', 'bob'), { nil: undefined });
const command = fc.oneof(
  fc.record({
    do: fc.constant('put' as const),
    node,
    token,
    value,
    ttl,
    binding,
  }),
  fc.record({
    do: fc.constant('claim' as const),
    node,
    token,
    holder,
    takeOver: fc.boolean(),
    once: fc.boolean(),
    binding,
  }),
  fc.record({
    do: fc.constant('update' as const),
    node,
    token,
    holder,
    value,
  }),
  fc.record({
    do: fc.constant('release' as const),
    node,
    token,
    holder,
    ttl,
    value: fc.option(value, { nil: undefined }),
  }),
  fc.record({
    do: fc.constant('remove' as const),
    node,
    token,
    heldBy: fc.option(holder, { nil: undefined }),
  }),
  fc.record({
    do: fc.constant('wait' as const),
    time: fc.constantFrom(1, 9, 40, 150),
  }),
);
type Command = typeof command extends fc.Arbitrary<infer C> ? C : never;

describe('Memory tokens', () => {
  it('behave as naive ones, and go when their time has come', () => {
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
    const naive = new Map<string, NaiveToken>();
    let now = 0;

    for (const step of commands) {
      if (step.do === 'wait') {
        now += step.time;
        jest.advanceTimersByTime(step.time);
        for (const [name, { holder, end }] of naive) {
          if (holder === undefined && end <= now) naive.delete(name);
        }
        expect(store.usage().tokens).toBe(naive.size);
        continue;
      }
      const { tokens } = nodes[step.node];
      const known = naive.get(step.token);
      // One without time to live is gone at once, and removed a turn later.
      const isGone =
        known === undefined || (known.holder === undefined && known.end <= now);
      if (step.do === 'put') {
        tokens.put(step.token, step.value, step.ttl, given(step, 'binding'));
        naive.set(step.token, {
          value: step.value,
          holder: undefined,
          binding: step.binding,
          end: now + step.ttl,
        });
      } else if (step.do === 'claim') {
        const { takeOver, once } = step;
        const isFor =
          known?.binding === undefined || known.binding === step.binding;
        const isFree =
          known?.holder === undefined || known.holder === step.holder;
        const wins = !isGone && isFor && (isFree || takeOver);
        const reason = isGone ? 'unknown' : isFor ? 'held' : 'binding';
        const how = {
          takeOver,
          once,
          ...given(step, 'binding'),
        };
        expect(tokens.claim(step.token, step.holder, how)).toEqual(
          wins
            ? { claimed: true, value: known.value }
            : { claimed: false, reason },
        );
        if (wins && once) naive.delete(step.token);
        else if (wins) {
          known.holder = step.holder;
        }
      } else if (step.do === 'update') {
        const isHeld = !isGone && known.holder === step.holder;
        expect(tokens.update(step.token, step.holder, step.value)).toBe(isHeld);
        if (isHeld) known.value = step.value;
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
        const { heldBy } = step;
        const falls =
          !isGone && (heldBy === undefined || known.holder === heldBy);
        expect(tokens.remove(step.token, given(step, 'heldBy'))).toBe(falls);
        if (falls) naive.delete(step.token);
      }
    }

    jest.advanceTimersByTime(1_000);
    const held = [...naive.values()].filter(
      ({ holder, end }) => holder !== undefined || end === Infinity,
    );
    expect(store.usage()).toMatchObject({ tokens: held.length, alarms: 0 });
    void nodes.a.close();
    void nodes.b.close();
  }
});

/** An option only where it has a value. */
function given<Name extends string>(
  from: { readonly [name in Name]: string | undefined },
  name: Name,
): { [name in Name]?: string } {
  const value = from[name];
  return value === undefined
    ? {}
    : ({ [name]: value } as { [name in Name]: string });
}
