import { describe } from '@jest/globals';
import { DelayedBroker } from '../../src/broker/delayed-broker.js';
import { MemoryBroker } from '../../src/broker/memory/memory-broker.js';
import { casesOf } from './case-files.js';
import { FixturePool } from './fixture-pool.js';
import { useHarmlessGlobals } from './harmless-globals.js';
import { expectCase } from './runner/expect-case.js';
import {
  KEY,
  startFixture,
  type RunningFixture,
  type StartOptions,
} from './start-fixture.js';
import { testCases } from './test-cases.js';

/** One way of running the fixture, and the cases that it could change. */
interface SetUp {
  readonly name: string;
  readonly groups: readonly string[];
  /** How many of them there may be. */
  readonly size?: number;
  start(): Promise<RunningFixture>;
}

const services = ['rpc', 'negotiation', 'pubsub', 'datasync', 'filter'];
const everything = ['transport', 'http', ...services];

function ownFixture(
  name: string,
  groups: readonly string[],
  options: () => StartOptions = () => ({}),
): SetUp {
  return { name, groups, start: () => startFixture(options()) };
}

/**
 * With FIXTURE_WS and FIXTURE_BACKEND set, a server that runs already is
 * tested instead: `FIXTURE_WS=ws://127.0.0.1:5890
 * FIXTURE_BACKEND=http://127.0.0.1:5891 npm test -- test/conformance/replay`.
 */
function setUps(): SetUp[] {
  const { FIXTURE_WS, FIXTURE_BACKEND, FIXTURE_KEY = KEY } = process.env;
  if (FIXTURE_WS !== undefined && FIXTURE_BACKEND !== undefined) {
    const target = {
      websocket: FIXTURE_WS,
      backend: FIXTURE_BACKEND,
      key: FIXTURE_KEY,
    };
    const start = async (): Promise<RunningFixture> => {
      return { target, stop: async () => {} };
    };
    const name = `the server at ${FIXTURE_WS}`;
    return [{ name, groups: everything, size: 1, start }];
  }
  return [
    ownFixture('the fixture', everything),
    ownFixture('the fixture over a slow broker', everything, () => ({
      broker: new DelayedBroker(new MemoryBroker()),
    })),
    ownFixture('the fixture under enhancers', ['http', ...services], () => ({
      prepare: useHarmlessGlobals,
    })),
  ];
}

describe.each(setUps())('$name', ({ groups, size, start }) => {
  const fixtures = new FixturePool(start, size);

  testCases(
    (name) => `passes the case ${name}`,
    casesOf(...groups),
    fixtures,
    (wireCase, { target }) => expectCase(wireCase, target),
  );
});
