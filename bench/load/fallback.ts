/**
 * The load generator for machines without a C compiler: the arguments, the output and the checks of load.c, on raw sockets
 * with prebuilt frames. It takes several times the CPU, so the servers' throughput is partly its own.
 */
import { createInterface } from 'node:readline';

import { type Connection, fail, frame, open } from './raw-socket.js';

const pairs = process.argv.slice(2).map((text): [string, string] => {
  const at = text.indexOf('=');
  return [text.slice(0, at), text.slice(at + 1)];
});
const all = (name: string): string[] =>
  pairs.filter(([key]) => key === name).map(([, value]) => value);
const option = (name: string): string => all(name)[0] ?? '';

const rpc = option('mode') === 'rpc';
const per = Number(option('per'));
const clients: Connection[] = [];
let publisher: Connection | undefined;
let delays: number[] = [];
let size = 0;
let arrived = 0;
let acknowledged = 0;
/** Of the run under way: when to stop, how many messages are to arrive then, and what to do when they have. */
let until = 0;
let wanted = Infinity;
let finished: () => void = () => undefined;

const numberOf = (count: number): string => String(100000 + (count % 900000));

/** Frames differ in their numbers only; all connections share them. */
const frames = new Map<number, Buffer>();
function numbered(count: number): Buffer {
  let bytes = frames.get(count);
  if (bytes === undefined) {
    if (frames.size > 100000) frames.clear();
    bytes = frame(option('frame').replaceAll('@@@@@@', numberOf(count)));
    frames.set(count, bytes);
  }
  return bytes;
}

/** Sends the next `count` frames in one write. */
function send(connection: Connection, count: number, now: number): void {
  const batch: Buffer[] = [];
  for (let i = 0; i < count; i++) {
    connection.sentAt[connection.sent % per] = now;
    batch.push(numbered(connection.sent++));
  }
  connection.socket.write(Buffer.concat(batch));
}

function receive(connection: Connection, text: Buffer, now: number): void {
  if (connection === publisher) {
    if (acknowledged++ === 0) console.log(`sample ack ${text.toString()}`);
    return;
  }
  const kind = rpc ? 'answer' : 'delivery';
  const source = publisher ?? connection;
  const count = connection.received++;
  if (count === source.sent) fail(`one ${kind} too many`);
  if (size === 0) console.log(`sample ${kind} ${text.toString()}`);
  if (size === 0) size = text.length;
  if (size !== text.length || !text.includes(numberOf(count)))
    fail(`wrong ${kind}: ${text.toString()}`);
  arrived++;
  delays.push(now - (source.sentAt[count % per] ?? 0));
}

function readEnd(connection: Connection, now: number): void {
  if (publisher !== undefined) {
    if (arrived !== wanted || acknowledged !== publisher.sent) return;
    if (now < until) nextRound(publisher);
    else finished();
  } else if (rpc) {
    const free = per - (connection.sent - connection.received);
    if (now < until && free > 0) send(connection, free, now);
    else if (now >= until && wanted === Infinity)
      wanted = clients.reduce((sum, client) => sum + client.sent, 0);
    if (arrived === wanted) finished();
  }
}

function nextRound(source: Connection): void {
  wanted = arrived + per * clients.length;
  send(source, per, performance.now());
}

function run(seconds: number): Promise<void> {
  return new Promise((resolve) => {
    finished = resolve;
    wanted = Infinity;
    const now = performance.now();
    until = now + seconds * 1000;
    if (publisher !== undefined) nextRound(publisher);
    else for (const client of clients) send(client, per, now);
  });
}

const connection = (steps: string[]): Promise<Connection> => {
  const [port, path] = [Number(option('port')), option('path')];
  return open({ port, path, steps, receive, readEnd });
};

setTimeout(() => fail('took too long'), 90000).unref();
const count = Number(option('connections'));
while (clients.length < count) {
  const length = Math.min(64, count - clients.length); // below the servers' backlog
  const some = Array.from({ length }, () => connection(all('step')));
  clients.push(...(await Promise.all(some)));
}
if (!rpc) publisher = await connection(all('publisher-step'));
if (Number(option('warmup')) > 0) await run(Number(option('warmup')));

console.log('ready');
await new Promise((resolve) =>
  createInterface({ input: process.stdin }).once('line', resolve),
);
delays = [];
const before = { arrived, cpu: process.cpuUsage(), time: performance.now() };
await run(Number(option('seconds')));
const seconds = (performance.now() - before.time) / 1000;
const { user, system } = process.cpuUsage(before.cpu);
const sorted = Float64Array.from(delays).sort();
const us = (share: number): number =>
  Math.round((sorted[Math.floor(share * sorted.length)] ?? 0) * 1000);
const messages = arrived - before.arrived;
const result = { messages, bytes: messages * size, seconds };
console.log(
  `result ${JSON.stringify({ ...result, p50: us(0.5), p99: us(0.99), cpu: user + system })}`,
);
process.exit(0);
