import {
  afterEach,
  beforeEach,
  describe,
  expect,
  it,
  jest,
} from '@jest/globals';
import type { Position } from '../../../../src/broker/ports/log.js';
import { PositionBeacon } from '../../../../src/services/datasync/delivery/position-beacon.js';
import { Subscription } from '../../../../src/services/datasync/delivery/subscription.js';
import { LocalClient } from '../../../support/servers/local-client.js';

const AGE = 8000;

describe('Positions that are due while the log rests', () => {
  let told: Position[];
  let beacon: PositionBeacon;

  beforeEach(() => {
    jest.useFakeTimers();
    told = [];
    const retention = { entries: 1000, size: 1_000_000, age: AGE };
    beacon = new PositionBeacon(retention, (_subscription, position) => {
      told.push(position);
    });
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  function follow(): Subscription {
    const subscription = new Subscription('t', new LocalClient(), true, []);
    beacon.follow(subscription);
    return subscription;
  }

  function log(position: Position): void {
    beacon.count(() => 10);
    beacon.advance(position);
  }

  it('are told before a quarter of its memory has passed, once', () => {
    follow();
    log('1');
    expect(told).toEqual([]);
    jest.advanceTimersByTime(AGE / 4);
    expect(told).toEqual(['1']);
    jest.advanceTimersByTime(10 * AGE);
    expect(told).toEqual(['1']);
  });

  it('are told to nobody who is forgotten', () => {
    const subscription = follow();
    log('1');
    beacon.forget(subscription);
    jest.advanceTimersByTime(AGE);
    expect({ told, timers: jest.getTimerCount() }).toEqual({
      told: [],
      timers: 0,
    });
  });

  it('are told to whoever comes after nobody was left', () => {
    beacon.forget(follow());
    follow();
    log('1');
    jest.advanceTimersByTime(AGE / 4);
    expect(told).toEqual(['1']);
  });

  it('leave no timer behind at the end, nor by who comes after that', () => {
    follow();
    beacon.stop();
    follow();
    expect(jest.getTimerCount()).toBe(0);
  });
});
