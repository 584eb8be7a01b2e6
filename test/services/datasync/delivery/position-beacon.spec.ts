import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { JsonObject, JsonValue } from 'snorky';
import type { TestClient } from 'snorky/testing';
import {
  acquire,
  BROKERS,
  DataSyncApp,
  cancel,
  resume,
  taken,
  task,
  type DataSyncAppOptions,
} from '../../../support/services/datasync.js';

const BOBS = [{ dealer: 'TasksByOwner', query: 'bob' }];

function after(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

describe.each(BROKERS)('Positions over $over', ({ make }) => {
  let node: DataSyncApp;

  async function restart(options: DataSyncAppOptions): Promise<void> {
    await node[Symbol.asyncDispose]();
    node = await DataSyncApp.start({ broker: make(), ...options });
  }

  beforeEach(async () => {
    node = await DataSyncApp.start({ broker: make() });
  });

  afterEach(() => node[Symbol.asyncDispose]());

  /** After how many entries of others each notification comes. */
  async function gaps(
    client: TestClient,
    entries: number,
    more: JsonObject = {},
  ): Promise<number[]> {
    const found: number[] = [];
    let gap = 0;
    for (let n = 0; n < entries; n++) {
      await node.publish(task(n, more));
      gap++;
      for (const message of await taken(client)) {
        expect(message).toStrictEqual({
          type: 'position',
          subscription: expect.any(String),
          position: expect.anything(),
        });
        found.push(gap);
        gap = 0;
      }
    }
    return found;
  }

  it('are told to a quiet subscription before a quarter of the entries has passed', async () => {
    await restart({ log: { entries: 40 } });
    const client = await node.connect();
    await resume(client, await node.authorize(BOBS));
    const found = await gaps(client, 100);
    expect(found.length).toBeGreaterThanOrEqual(10);
    expect(found.length).toBeLessThan(25);
    for (const gap of found) expect(gap).toBeLessThanOrEqual(10);
  });

  it('are told to a quiet subscription before a quarter of the size has passed', async () => {
    await restart({ log: { size: 8000 } });
    const client = await node.connect();
    await resume(client, await node.authorize(BOBS));
    const found = await gaps(client, 60, { text: 'x'.repeat(400) });
    expect(found.length).toBeGreaterThanOrEqual(10);
    // An entry has 400 units and some.
    for (const gap of found) expect(gap * 400).toBeLessThanOrEqual(2000);
  });

  it('are told to a quiet subscription before a quarter of the age has passed', async () => {
    await restart({ log: { age: 800 } });
    const client = await node.connect();
    await resume(client, await node.authorize(BOBS));
    await node.publish(task(1));
    const start = performance.now();
    const { message } = await client.next();
    expect(message).toMatchObject({ type: 'position' });
    expect(performance.now() - start).toBeLessThan(260);
    // While the log rests there is nothing to tell.
    await after(500);
    expect(await taken(client)).toEqual([]);
  });

  it('let a subscription resume long after its last delta was evicted', async () => {
    await restart({ log: { entries: 8 } });
    const token = await node.authorize(BOBS);
    let client = await node.connect();
    let { position } = await resume(client, token);
    for (let round = 0; round < 10; round++) {
      await node.publishTasks(17);
      for (const message of await taken(client)) position = message['position'];
      client.disconnect();
      await client.closed;
      client = await node.connect();
      const answer = await resume(client, token, position);
      expect(answer.recovered).toBe(true);
      position = answer.position;
    }
  });

  it('are not told to those who hear of the log anyway', async () => {
    await restart({ log: { entries: 40 } });
    const client = await node.connect();
    await resume(client, await node.authorize());
    await node.publishTasks(60);
    const types = (await taken(client)).map(({ type }) => type);
    expect(types).toEqual(types.map(() => 'deltas'));
    expect(types).toHaveLength(60);
  });

  it.each([
    ['entries', { entries: 4 }, 0],
    ['age', { age: 400 }, 300],
  ])(
    'are not told again to who has had all, by %s',
    async (_bound, log, pause) => {
      await restart({ log });
      const client = await node.connect();
      await resume(client, await node.authorize());
      await node.publishTasks(3);
      await after(pause);
      const types = (await taken(client)).map(({ type }) => type);
      expect(types).toEqual(['deltas', 'deltas', 'deltas']);
    },
  );

  it('are not told to those who did not ask to resume', async () => {
    await restart({ log: { entries: 8 } });
    const client = await node.connect();
    await acquire(client, await node.authorize(BOBS));
    await node.publishTasks(30);
    expect(await taken(client)).toEqual([]);
  });

  it('are no more told after a cancellation', async () => {
    await restart({ log: { entries: 8 } });
    const client = await node.connect();
    const token = await node.authorize(BOBS);
    await resume(client, token);
    await cancel(client, token);
    await node.publishTasks(30);
    expect(await taken(client)).toEqual([]);
  });

  it('are told for each subscription', async () => {
    await restart({ log: { entries: 40 } });
    const client = await node.connect();
    const tokens = [await node.authorize(BOBS), await node.authorize(BOBS)];
    for (const token of tokens) await resume(client, token);
    await node.publishTasks(10);
    const told = (await taken(client)).map(({ subscription }) => subscription);
    expect(told).toHaveLength(2);
    expect(new Set(told)).toEqual(new Set(tokens));
  });

  it('never go back', async () => {
    await restart({ log: { age: 200 } });
    // Somebody listens, and goes: what is read meanwhile is nobody’s.
    const first = await node.connect();
    await resume(first, await node.authorize(BOBS));
    await node.publishTasks(3);
    first.disconnect();
    await first.closed;
    await node.publishTasks(20);
    const client = await node.connect();
    const answer = await resume(client, await node.authorize(BOBS));
    const positions = [answer.position as JsonValue];
    await after(150);
    await node.publishTasks(5);
    await after(150);
    await node.publish(task(1, { owner: 'bob' }));
    await after(100);
    for (const { position } of await taken(client)) {
      positions.push(position as JsonValue);
    }
    expect(positions.length).toBeGreaterThanOrEqual(3);
    const numbers = positions.map((position) => (position as number[])[1]);
    expect(numbers).toEqual(
      numbers.toSorted((left, right) => Number(left) - Number(right)),
    );
  });
});

describe('Positions of a log without a bound of age', () => {
  it('do not keep the process busy', async () => {
    const real = globalThis.setInterval;
    const delays: (number | undefined)[] = [];
    const recording = (act: () => void, delay?: number): NodeJS.Timeout => {
      delays.push(delay);
      return real(act, delay);
    };
    globalThis.setInterval = Object.assign(recording, real);
    try {
      await using node = await DataSyncApp.start({ log: { age: Infinity } });
      const client = await node.connect();
      await resume(client, await node.authorize(BOBS));
    } finally {
      globalThis.setInterval = real;
    }
    // With a longer one a timer rings every millisecond.
    expect(delays.length).toBeGreaterThan(0);
    for (const delay of delays) expect(delay).toBeLessThan(2 ** 31);
  });
});
