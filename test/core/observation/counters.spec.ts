import { describe, expect, it } from '@jest/globals';
import {
  COUNTERS,
  type CounterName,
} from '../../../src/core/observation/counter-table.js';
import { Counters } from '../../../src/core/observation/counters.js';

function valuesOf(counters: Counters, of: CounterName) {
  return counters
    .readings()
    .filter(({ name }) => name === of)
    .map(({ labels, value }) => [labels, value]);
}

describe('The counters of a registry', () => {
  it('are plain numbers, all there from the start', () => {
    const counters = new Counters('frontend');
    for (const name of Object.keys(COUNTERS) as CounterName[]) {
      expect([name, counters[name]]).toEqual([name, 0]);
    }
    counters.add('accepted');
    counters.add('connections');
    counters.add('connections', undefined, -1);
    expect(Object.keys(counters)).toEqual(Object.keys(COUNTERS));
    expect(JSON.parse(JSON.stringify(counters))).toMatchObject({ accepted: 1 });
    expect(counters.accepted).toBe(1);
    expect(counters.connections).toBe(0);
  });

  it('are read with what they are and whose', () => {
    const counters = new Counters('frontend');
    counters.add('accepted', undefined, 3);
    const readings = counters.readings();
    expect(readings.map(({ name }) => name)).toEqual(Object.keys(COUNTERS));
    expect(readings.find(({ name }) => name === 'accepted')).toEqual({
      name: 'accepted',
      kind: 'counter',
      is: 'Connections accepted',
      labels: { registry: 'frontend' },
      value: 3,
    });
  });

  it('are told apart by their labels, whose readings are their sum', () => {
    const counters = new Counters('frontend');
    counters.add('failures', { service: 'a', reason: 'command' });
    counters.add('failures', { service: 'a', reason: 'command' });
    counters.add('failures', { service: 'b', reason: 'command' });
    counters.add('failures', { reason: 'upgrade' });
    expect(counters.failures).toBe(4);
    expect(valuesOf(counters, 'failures')).toEqual([
      [{ registry: 'frontend', service: 'a', reason: 'command' }, 2],
      [{ registry: 'frontend', service: 'b', reason: 'command' }, 1],
      [{ registry: 'frontend', reason: 'upgrade' }, 1],
    ]);
  });

  it('have a bound on how many labels they tell apart, and lose no count', () => {
    const counters = new Counters('frontend');
    for (let n = 0; n < 3000; n++) {
      counters.add('refused', { reason: String(n) });
    }
    counters.add('refused', { reason: '7' });
    expect(counters.refused).toBe(3001);
    const values = valuesOf(counters, 'refused');
    expect(values).toHaveLength(1001);
    expect(values[7]).toEqual([{ registry: 'frontend', reason: '7' }, 2]);
    expect(values[1000]).toEqual([{ registry: 'frontend' }, 2000]);
  });

  it('take no part in what is done with the labels that they were given', () => {
    const counters = new Counters('frontend');
    const labels = { reason: 'origin' };
    counters.add('refused', labels);
    labels.reason = 'full';
    expect(valuesOf(counters, 'refused')).toEqual([
      [{ registry: 'frontend', reason: 'origin' }, 1],
    ]);
  });
});
