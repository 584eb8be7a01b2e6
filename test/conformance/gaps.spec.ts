import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DelayedBroker } from '../../src/broker/delayed-broker.js';
import { MemoryBroker } from '../../src/broker/memory/memory-broker.js';
import { casesOf } from './case-files.js';
import { expectCase } from './runner/expect-case.js';
import { startFixture, type RunningFixture } from './start-fixture.js';

const seed = Date.now() & 0xffff;

describe(`The fixture over a broker that loses changes and logs (seed ${seed})`, () => {
  const broker = new DelayedBroker(new MemoryBroker(), {
    seed,
    losses: 0.02,
    forgets: 0.02,
  });
  let fixture: RunningFixture;
  let [passed, differed] = [0, 0];

  beforeAll(async () => {
    fixture = await startFixture({ broker });
  });

  afterAll(() => fixture.stop());

  it.each(casesOf('rpc', 'negotiation', 'pubsub', 'datasync', 'filter'))(
    'passes $group/$name, or has told a gap',
    async (wireCase) => {
      const { gaps } = broker;
      try {
        await expectCase(wireCase, fixture.target);
        passed++;
      } catch (error) {
        // Whatever is lost, nothing fails.
        expect(String(error)).not.toContain('Internal error');
        // What is not as the case has it, a gap was told of.
        if (broker.gaps === gaps) throw error;
        differed++;
      }
    },
  );

  it('has passed most of them, and has lost something', () => {
    expect(passed).toBeGreaterThan(differed);
    expect(broker.gaps).toBeGreaterThan(0);
  });
});
