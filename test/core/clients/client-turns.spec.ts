import { describe, expect, it } from '@jest/globals';
import { ClientTurns } from '../../../src/core/clients/client-turns.js';
import { whenSettled } from '../../../src/core/promise-like.js';
import { deferred } from '../../support/waiting/deferred.js';
import { LocalClient } from '../../support/servers/local-client.js';

describe('ClientTurns', () => {
  it('acts at once while answers are at hand', () => {
    const turns = new ClientTurns();
    const client = new LocalClient();
    expect(turns.take(client, () => 1)).toBe(1);
    const fail = (): never => {
      throw new Error('No');
    };
    expect(() => turns.take(client, fail)).toThrow('No');
    expect(turns.take(client, () => 2)).toBe(2);
  });

  it('has later calls of a client wait, however the earlier one ends', async () => {
    const turns = new ClientTurns();
    const client = new LocalClient();
    const order: string[] = [];
    const first = deferred();
    const answers = [
      turns.take(client, () => first.promise),
      turns.take(client, () => void order.push('second')),
      turns.take(client, () => {
        order.push('third');
        throw new Error('Third');
      }),
      turns.take(client, () => order.push('fourth')),
    ];
    const settled = Promise.allSettled(answers.map(async (answer) => answer));
    await new Promise((resolve) => setImmediate(resolve));
    expect(order).toEqual([]);
    first.reject(new Error('First'));
    const outcomes = (await settled).map(({ status }) => status);
    expect(outcomes).toEqual([
      'rejected',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    expect(order).toEqual(['second', 'third', 'fourth']);
    // Nothing is left to wait for.
    expect(turns.take(client, () => 5)).toBe(5);
  });

  it('does not have one client wait for another', () => {
    const turns = new ClientTurns();
    void turns.take(new LocalClient(), () => deferred().promise);
    expect(turns.take(new LocalClient(), () => 1)).toBe(1);
  });
});

describe('whenSettled', () => {
  it('answers, or throws, at once what is settled at once', () => {
    expect(whenSettled((resolve) => resolve(undefined))).toBeUndefined();
    expect(whenSettled((resolve) => resolve(1))).toBe(1);
    const failing = (): unknown =>
      whenSettled((_, reject) => reject(new Error('No')));
    expect(failing).toThrow('No');
  });

  it('answers by a promise what is settled later, and only once', async () => {
    const later = whenSettled<number>((resolve, reject) => {
      setImmediate(() => {
        resolve(1);
        reject(new Error('No'));
      });
    });
    expect(await later).toBe(1);
    expect(
      whenSettled<number>((resolve, reject) => {
        resolve(1);
        reject(new Error('No'));
      }),
    ).toBe(1);
  });
});
