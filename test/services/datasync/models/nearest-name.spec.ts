import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { nearestName } from '../../../../src/services/datasync/models/nearest-name.js';

const NAMES = ['Task', 'Tag', 'Project', 'priority', 'createdAt', 'id'];

describe('The nearest name', () => {
  it.each([
    ['Taks', 'Task'],
    ['task', 'Task'],
    ['TASKS', 'Task'],
    ['Projcet', 'Project'],
    ['pirority', 'priority'],
    ['created_at', 'createdAt'],
    ['ID', 'id'],
  ])('to %s is %s', (name, nearest) => {
    expect(nearestName(name, NAMES)).toBe(nearest);
  });

  it.each(['', 'x', 'ix', 'User', 'toString', 'p'.repeat(1000)])(
    'to %s is none',
    (name) => {
      expect(nearestName(name, NAMES)).toBeUndefined();
    },
  );

  it('is looked for among so many only', () => {
    const many = (function* () {
      for (let i = 0; ; i++) yield `${i}`;
    })();
    expect(nearestName('priority', many)).toBeUndefined();
  });

  it('is one that a slip of the fingers makes of it', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z]{6,20}$/),
        fc.nat(),
        fc.constantFrom('drop', 'swap', 'double', 'change'),
        (name, at, slip) => {
          const i = at % (name.length - 1);
          const [head, tail] = [name.slice(0, i), name.slice(i + 2)];
          const [one, two] = [name.charAt(i), name.charAt(i + 1)];
          const middle = {
            drop: two,
            swap: `${two}${one}`,
            double: `${one}${one}${two}`,
            change: `_${two}`,
          };
          const slipped = `${head}${middle[slip]}${tail}`;
          expect(nearestName(slipped, [name])).toBe(name);
        },
      ),
    );
  });
});
