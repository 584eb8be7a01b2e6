import { describe, expect, it } from '@jest/globals';
import { DelayedBroker } from '../../src/broker/delayed-broker.js';
import { MemoryBroker } from '../../src/broker/memory/memory-broker.js';
import { casesOf } from './case-files.js';
import { FixturePool } from './fixture-pool.js';
import { expectCase } from './runner/expect-case.js';
import { startFixture, type RunningFixture } from './start-fixture.js';
import { testCases } from './test-cases.js';

const seed = Date.now() & 0xffff;

/** A fixture, and the broker that loses what it is told. */
interface LossyFixture extends RunningFixture {
  readonly broker: DelayedBroker;
}

describe(`The fixture over a broker that loses changes and logs (seed ${seed})`, () => {
  const brokers: DelayedBroker[] = [];
  const fixtures = new FixturePool<LossyFixture>(async () => {
    const broker = new DelayedBroker(new MemoryBroker(), {
      seed: seed + brokers.length,
      losses: 0.02,
      forgets: 0.02,
    });
    brokers.push(broker);
    return { ...(await startFixture({ broker })), broker };
  });
  let [passed, differed] = [0, 0];

  testCases(
    (name) => `passes ${name}, or has told a gap`,
    casesOf('rpc', 'negotiation', 'pubsub', 'datasync', 'filter'),
    fixtures,
    async (wireCase, { target, broker }) => {
      const { gaps } = broker;
      try {
        await expectCase(wireCase, target);
        passed++;
      } catch (error) {
        // Losses of the broker never make a command fail.
        expect(String(error)).not.toContain('Internal error');
        // A case may differ only if a gap was reported.
        if (broker.gaps === gaps) throw error;
        differed++;
      }
    },
  );

  it('has passed most of them, and has lost something', () => {
    expect(passed).toBeGreaterThan(differed);
    expect(brokers.some(({ gaps }) => gaps > 0)).toBe(true);
  });
});
