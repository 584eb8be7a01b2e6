import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { DelayedBroker } from '../../src/broker/delayed-broker.js';
import { MemoryBroker } from '../../src/broker/memory/memory-broker.js';
import { casesOf } from './case-files.js';
import { runCase } from './runner/run-case.js';
import { useHarmlessGlobals } from './harmless-globals.js';
import {
  KEY,
  startFixture,
  type RunningFixture,
  type StartOptions,
} from './start-fixture.js';

const cases = casesOf('transport', 'rpc', 'http', 'pubsub').map(
  (wireCase) => [`${wireCase.group}/${wireCase.name}`, wireCase] as const,
);

/**
 * With FIXTURE_WS and FIXTURE_BACKEND set, a server that runs already is
 * tested: `FIXTURE_WS=ws://127.0.0.1:5890
 * FIXTURE_BACKEND=http://127.0.0.1:5891 npm test -- test/conformance/replay`.
 */
const { FIXTURE_WS, FIXTURE_BACKEND, FIXTURE_KEY = KEY } = process.env;

async function running(options: StartOptions): Promise<RunningFixture> {
  if (FIXTURE_WS === undefined || FIXTURE_BACKEND === undefined) {
    return startFixture(options);
  }
  const target = {
    websocket: FIXTURE_WS,
    backend: FIXTURE_BACKEND,
    key: FIXTURE_KEY,
  };
  return { target, stop: async () => {} };
}

describe.each<[string, () => StartOptions]>([
  ['the fixture', () => ({})],
  [
    'the fixture over a broker with random delays',
    () => ({ broker: new DelayedBroker(new MemoryBroker()) }),
  ],
  [
    'the fixture under global enhancers',
    () => ({ prepare: useHarmlessGlobals }),
  ],
])('%s', (_name, options) => {
  let fixture: RunningFixture;

  beforeAll(async () => {
    fixture = await running(options());
  });

  afterAll(() => fixture.stop());

  it.each(cases)('passes %s', async (_case, wireCase) => {
    await runCase(wireCase, fixture.target);
  });
});
