/**
 * Says when all is set up, and waits to be told to go. 1,000 connections with 10 subscriptions each, 2,000 deltas a second in batches
 * of 50, each delta matching 20 subscriptions. Load and publisher are this one
 * process, so that a delay is taken by one clock: from before the HTTP request
 * that publishes to the message in the subscriber's hands.
 */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import { Backend } from './backend.js';
import { Subscriber } from './subscriber.js';

const CONNECTIONS = 1000;
const EACH = 10;
const KEYS = (CONNECTIONS * EACH) / 20;
const BATCH = 50;
const PERIOD = (1000 * BATCH) / 2000;

const [port, key, seconds, resume] = process.argv.slice(2);
const backend = new Backend(Number(port), key as string, 8);
const publisher = new Backend(Number(port), key as string, 1);
const delays: number[] = [];
const keyOf = (connection: number, index: number): number =>
  (connection * EACH + index) % KEYS;

const subscribers = await Promise.all(
  Array.from({ length: CONNECTIONS }, async (_, connection) => {
    const subscriber = await Subscriber.connect(Number(port), (delay) =>
      delays.push(delay),
    );
    for (let index = 0; index < EACH; index++) {
      const token = await backend.authorize(
        'ReadingsByKey',
        keyOf(connection, index),
      );
      await subscriber.acquire({
        token,
        ...(resume === 'resume' ? { resume: true } : {}),
      });
    }
    return subscriber;
  }),
);

process.send?.({ ready: true });
await once(process, 'message');

const published = new Map<number, number>();
const start = performance.now();
const batches = Math.floor((Number(seconds) * 1000) / PERIOD);
const answered: Promise<void>[] = [];
for (let batch = 0; batch < batches; batch++) {
  const wait = start + batch * PERIOD - performance.now();
  if (wait > 0) await sleep(wait);
  const at = performance.now();
  const deltas = Array.from({ length: BATCH }, (_, i) => {
    const n = batch * BATCH + i;
    const keyOfRow = (n * 7919) % KEYS;
    published.set(keyOfRow, (published.get(keyOfRow) ?? 0) + 1);
    const data = { id: n, n, at, key: keyOfRow, text: 'x'.repeat(80) };
    return { type: 'insert', model: 'Reading', data };
  });
  answered.push(publisher.publish(deltas));
}
await Promise.all(answered);
const expected = (connection: number): number => {
  let sum = 0;
  for (let i = 0; i < EACH; i++)
    sum += published.get(keyOf(connection, i)) ?? 0;
  return sum;
};
const missing = (): number =>
  subscribers.reduce(
    (sum, { received }, connection) =>
      sum + Math.abs(expected(connection) - received),
    0,
  );
for (let tries = 0; missing() > 0 && tries < 100; tries++) await sleep(50);
const took = (performance.now() - start) / 1000;
delays.sort((a, b) => a - b);
process.send?.({
  lost: missing(),
  wrong: subscribers.reduce((sum, { wrong }) => sum + wrong, 0),
  delivered: delays.length,
  rate: delays.length / took / 1000,
  p50: delays[Math.floor(delays.length * 0.5)],
  p99: delays[Math.floor(delays.length * 0.99)],
});
