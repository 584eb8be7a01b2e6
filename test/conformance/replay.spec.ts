import { afterAll, beforeAll, describe, it } from '@jest/globals';
import type { Broker } from 'snorky';
import { DelayedBroker } from '../../src/broker/delayed-broker.js';
import { MemoryBroker } from '../../src/broker/memory/memory-broker.js';
import { casesOf } from './case-files.js';
import { runCase } from './runner/run-case.js';
import { KEY, startFixture, type RunningFixture } from './start-fixture.js';

const cases = casesOf('transport', 'rpc', 'http', 'pubsub').map(
  (wireCase) => [`${wireCase.group}/${wireCase.name}`, wireCase] as const,
);

/**
 * With FIXTURE_WS and FIXTURE_BACKEND set, a server that runs already is
 * tested: `FIXTURE_WS=ws://127.0.0.1:5890
 * FIXTURE_BACKEND=http://127.0.0.1:5891 npm test -- test/conformance/replay`.
 */
const { FIXTURE_WS, FIXTURE_BACKEND, FIXTURE_KEY = KEY } = process.env;

async function running(broker?: Broker): Promise<RunningFixture> {
  if (FIXTURE_WS === undefined || FIXTURE_BACKEND === undefined) {
    return startFixture(broker);
  }
  const target = {
    websocket: FIXTURE_WS,
    backend: FIXTURE_BACKEND,
    key: FIXTURE_KEY,
  };
  return { target, stop: async () => {} };
}

describe.each<[string, () => Broker | undefined]>([
  ['of its own', () => undefined],
  ['with random delays', () => new DelayedBroker(new MemoryBroker())],
])('the fixture over a broker %s', (_name, broker) => {
  let fixture: RunningFixture;

  beforeAll(async () => {
    fixture = await running(broker());
  });

  afterAll(() => fixture.stop());

  it.each(cases)('passes %s', async (_case, wireCase) => {
    await runCase(wireCase, fixture.target);
  });
});
