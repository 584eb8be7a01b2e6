import {
  afterEach,
  beforeEach,
  describe,
  expect,
  it,
  jest,
} from '@jest/globals';
import { once } from 'node:events';
import { LONGEST_TIMER } from '../../../src/protocol/longest-timer.js';
import { HeartbeatTimer } from '../../../src/transports/websocket/heartbeat-timer.js';
import { Opcode, RawWebSocket } from '../../support/sockets/raw-websocket.js';
import { TestSocket } from '../../support/sockets/socket.js';
import { startEndpoint } from './endpoint.js';

describe('The heartbeat of connections', () => {
  it('sends empty pings, and goes on while they are answered', async () => {
    await using running = await startEndpoint({ heartbeat: 150 });
    await using raw = await RawWebSocket.open(running.url);
    const began = performance.now();
    for (let i = 0; i < 4; i++) {
      const { opcode, payload } = await raw.frame();
      expect([opcode, payload.length]).toEqual([Opcode.ping, 0]);
      raw.send(Opcode.pong);
    }
    expect(performance.now() - began).toBeGreaterThan(500);
    raw.sendMessage('echo', 1);
    expect(await raw.message()).toBe(1);
    expect(running.registry.counters.closedNoPong).toBe(0);
  });

  it('closes with 4000 when a pong is missing by the next ping, whatever else comes', async () => {
    await using running = await startEndpoint({ heartbeat: 150 });
    await using silent = await RawWebSocket.open(running.url);
    await using alive = await TestSocket.connect(running.url);
    expect((await silent.frame()).opcode).toBe(Opcode.ping);
    silent.sendMessage('echo', 'no pong');
    expect(await silent.message()).toBe('no pong');
    expect(await silent.close()).toEqual({ code: 4000, reason: 'No pong' });
    silent.send(Opcode.close, Buffer.from([0x0f, 0xa0]));
    await silent.closed;
    await running.echo.until(({ gone }) => gone.length === 1);
    expect(running.registry.counters).toMatchObject({
      closedNoPong: 1,
      connections: 1,
    });
    alive.send('echo', 'alive');
    expect(await alive.next()).toMatchObject({ message: 'alive' });
  });

  it('cuts a connection whose peer does not even answer the close', async () => {
    await using running = await startEndpoint({ heartbeat: 30 });
    await using dead = await RawWebSocket.open(running.url);
    dead.tcp.pause();
    await running.echo.until(({ gone }) => gone.length === 1);
    expect(running.registry.counters).toMatchObject({
      closedNoPong: 1,
      connections: 0,
    });
    dead.tcp.resume();
    await dead.closed;
  });

  it('is off at 0', async () => {
    await using beating = await startEndpoint({ heartbeat: 100 });
    await using still = await startEndpoint({ heartbeat: 0 });
    await using clock = await TestSocket.connect(beating.url);
    await using raw = await RawWebSocket.open(still.url);
    for (let i = 0; i < 4; i++) await once(clock.ws, 'ping');
    raw.sendMessage('echo', 'first of all');
    expect(await raw.message()).toBe('first of all');
  });

  it('is as good as off at Infinity, and costs nothing', async () => {
    const timers = jest.spyOn(globalThis, 'setTimeout');
    try {
      await using beating = await startEndpoint({ heartbeat: 100 });
      await using still = await startEndpoint({ heartbeat: Infinity });
      await using clock = await TestSocket.connect(beating.url);
      await using raw = await RawWebSocket.open(still.url);
      const before = timers.mock.calls.length;
      for (let i = 0; i < 4; i++) await once(clock.ws, 'ping');
      const delays = timers.mock.calls.map(([, delay]) => delay ?? 0);
      // The timers of this clock, one after each beat.
      expect(delays.length - before).toBeGreaterThanOrEqual(3);
      // The other one's: timers that are to wait for longer fire at once.
      const long = delays.filter((delay) => delay > 1e9);
      expect(long).toHaveLength(1);
      expect(long[0]).toBeLessThanOrEqual(LONGEST_TIMER);
      raw.sendMessage('echo', 'first of all');
      expect(await raw.message()).toBe('first of all');
    } finally {
      timers.mockRestore();
    }
  });
});

describe('Heartbeat', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('beats for each member every interval, counted from when it was added', () => {
    const beats: [string, number][] = [];
    const began = performance.now();
    const heartbeat = new HeartbeatTimer<string>(100, (member) => {
      beats.push([member, Math.round(performance.now() - began)]);
    });
    heartbeat.add('a');
    jest.advanceTimersByTime(30);
    heartbeat.add('b');
    jest.advanceTimersByTime(240);
    expect(beats).toEqual([
      ['a', 100],
      ['b', 130],
      ['a', 200],
      ['b', 230],
    ]);
    heartbeat.delete('a');
    jest.advanceTimersByTime(100);
    expect(beats.slice(4)).toEqual([['b', 330]]);
    heartbeat.delete('b');
    expect(jest.getTimerCount()).toBe(0);
    heartbeat.add('c');
    jest.advanceTimersByTime(100);
    expect(beats.slice(5)).toEqual([['c', 470]]);
    heartbeat.stop();
    expect(jest.getTimerCount()).toBe(0);
  });

  it('has one timer for all members', () => {
    const heartbeat = new HeartbeatTimer<number>(100, () => {});
    for (let i = 0; i < 1000; i++) heartbeat.add(i);
    expect(jest.getTimerCount()).toBe(1);
    heartbeat.stop();
  });

  it('beats once after a pause of the whole process, not for all that was missed', () => {
    let beats = 0;
    const heartbeat = new HeartbeatTimer<string>(100, () => beats++);
    heartbeat.add('a');
    jest.setSystemTime(Date.now() + 10_000);
    const now = performance.now();
    const spy = jest
      .spyOn(performance, 'now')
      .mockImplementation(() => now + 10_000);
    jest.advanceTimersByTime(100);
    expect(beats).toBe(1);
    jest.advanceTimersByTime(1);
    expect(beats).toBe(1);
    spy.mockRestore();
    heartbeat.stop();
  });

  it('lets members leave and come while it beats', () => {
    const beats: string[] = [];
    const heartbeat: HeartbeatTimer<string> = new HeartbeatTimer<string>(
      100,
      (member) => {
        beats.push(member);
        heartbeat.delete(member);
        if (member === 'a') heartbeat.add('c');
      },
    );
    heartbeat.add('a');
    heartbeat.add('b');
    jest.advanceTimersByTime(100);
    expect(beats).toEqual(['a', 'b']);
    jest.advanceTimersByTime(100);
    expect(beats).toEqual(['a', 'b', 'c']);
    expect(jest.getTimerCount()).toBe(0);
  });
});
