import {
  afterEach,
  beforeEach,
  describe,
  expect,
  it,
  jest,
} from '@jest/globals';
import { PassThrough } from 'node:stream';
import { PendingHandshakes } from '../../../src/core/admission/pending-handshakes.js';
import { shuttingDown } from '../../../src/core/admission/upgrade-refused.js';

describe('PendingHandshakes', () => {
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate'] });
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  function wait(pending: PendingHandshakes, decision: Promise<string>) {
    const socket = new PassThrough();
    const outcomes: unknown[] = [];
    pending.wait(socket, decision, {
      accepted: (answer) => outcomes.push(['accepted', answer]),
      refused: (error) => outcomes.push(['refused', String(error)]),
    });
    return { socket, outcomes };
  }

  const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

  it('settles each once: by its decision', async () => {
    const pending = new PendingHandshakes(100);
    const yes = wait(pending, Promise.resolve('ann'));
    const no = wait(pending, Promise.reject(new Error('no')));
    expect(pending.size).toBe(2);
    await settled();
    expect(pending.size).toBe(0);
    jest.advanceTimersByTime(1000);
    expect(yes.outcomes).toEqual([['accepted', 'ann']]);
    expect(no.outcomes).toEqual([['refused', 'Error: no']]);
    expect(jest.getTimerCount()).toBe(0);
    expect(yes.socket.listenerCount('close')).toBe(
      no.socket.listenerCount('close'),
    );
  });

  it('settles each once: by the time-out', async () => {
    const pending = new PendingHandshakes(100);
    let decide: (answer: string) => void = () => {};
    const late = wait(pending, new Promise((resolve) => (decide = resolve)));
    jest.advanceTimersByTime(100);
    decide('too late');
    await settled();
    expect(late.outcomes).toEqual([
      ['refused', 'UpgradeRefused: The handshake timed out'],
    ]);
    expect(pending.size).toBe(0);
  });

  it('settles each once: by the peer leaving', async () => {
    const pending = new PendingHandshakes(100);
    let decide: (answer: string) => void = () => {};
    const left = wait(pending, new Promise((resolve) => (decide = resolve)));
    left.socket.emit('close');
    expect(pending.size).toBe(0);
    decide('for nobody');
    await settled();
    jest.advanceTimersByTime(1000);
    expect(left.outcomes).toEqual([]);
  });

  it('refuses all that wait when they are abandoned', async () => {
    const pending = new PendingHandshakes(100);
    const one = wait(pending, Promise.resolve('one'));
    const two = wait(pending, Promise.resolve('two'));
    pending.abandon(shuttingDown());
    expect(pending.size).toBe(0);
    await settled();
    jest.advanceTimersByTime(1000);
    pending.abandon(shuttingDown());
    const refused = [
      ['refused', 'UpgradeRefused: The server is shutting down'],
    ];
    expect([one.outcomes, two.outcomes]).toEqual([refused, refused]);
  });
});
