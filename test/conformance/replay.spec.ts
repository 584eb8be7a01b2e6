import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { DelayedBroker } from '../../src/broker/delayed-broker.js';
import { MemoryBroker } from '../../src/broker/memory/memory-broker.js';
import { casesOf } from './case-files.js';
import { useHarmlessGlobals } from './harmless-globals.js';
import { expectCase } from './runner/expect-case.js';
import {
  KEY,
  startFixture,
  type RunningFixture,
  type StartOptions,
} from './start-fixture.js';

/** One way of running the fixture, and the cases that it could change. */
interface SetUp {
  readonly name: string;
  readonly groups: readonly string[];
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
    return [{ name: `the server at ${FIXTURE_WS}`, groups: everything, start }];
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

describe.each(setUps())('$name', ({ groups, start }) => {
  let fixture: RunningFixture;

  beforeAll(async () => {
    fixture = await start();
  });

  afterAll(() => fixture.stop());

  it.each(casesOf(...groups))(
    'passes the case $group/$name',
    async (wireCase) => {
      await expectCase(wireCase, fixture.target);
    },
  );
});
