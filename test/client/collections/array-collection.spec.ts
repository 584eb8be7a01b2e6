import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { ArrayCollection } from '../../../src/client/collections/array-collection.js';
import { CollectionDeltaProcessor } from '../../../src/client/collections/collection-delta-processor.js';

interface Task {
  id: number;
  title: string;
  rank?: number;
}

const task = (id: number, title = `task ${id}`): Task => ({ id, title });
const tasks = (count: number): Task[] =>
  Array.from({ length: count }, (_, id) => task(id));
const titles = (array: readonly Task[]): string[] =>
  array.map(({ title }) => title);
const ids = (array: readonly Task[]): number[] => array.map(({ id }) => id);

afterEach(() => {
  jest.restoreAllMocks();
});

describe('The iterator of an array collection', () => {
  it('walks over the items', () => {
    const iterator = new ArrayCollection(tasks(2)).getIterator();
    expect(iterator.hasNext()).toBe(true);
    expect(iterator.next()).toEqual(task(0));
    expect(iterator.next()).toEqual(task(1));
    expect(iterator.hasNext()).toBe(false);
  });

  it('is busted at the end', () => {
    const iterator = new ArrayCollection<Task>([]).getIterator();
    expect(iterator.hasNext()).toBe(false);
    expect(() => iterator.next()).toThrow('Busted iterator');
    const other = new ArrayCollection(tasks(1)).getIterator();
    other.next();
    expect(() => other.next()).toThrow('Busted iterator');
  });

  it('needs an item to remove or update', () => {
    const iterator = new ArrayCollection(tasks(2)).getIterator();
    const before = 'Iterator not pointing to an item! (call next())';
    expect(() => iterator.remove()).toThrow(before);
    expect(() => iterator.update(task(7))).toThrow(before);
    iterator.next();
    iterator.remove();
    const deleted = 'Iterator pointing to a deleted item! (call next())';
    expect(() => iterator.remove()).toThrow(deleted);
    expect(() => iterator.update(task(7))).toThrow(deleted);
    expect(iterator.next()).toEqual(task(1));
    iterator.update(task(7));
  });

  it.each([
    { order: 'none', compare: undefined },
    { order: 'an order', compare: (a: Task, b: Task) => a.id - b.id },
  ])('skips nothing while it removes, with $order', ({ compare }) => {
    const array = tasks(6);
    const iterator = new ArrayCollection(array, { compare }).getIterator();
    const met: number[] = [];
    while (iterator.hasNext()) {
      const { id } = iterator.next();
      met.push(id);
      if (id % 3 !== 0) iterator.remove();
    }
    expect(met).toEqual([0, 1, 2, 3, 4, 5]);
    expect(ids(array)).toEqual([0, 3]);
  });

  it('meets each item once, though updates move them', () => {
    const array = tasks(4).map((row) => ({ ...row, rank: row.id }));
    const compare = (a: Task, b: Task) => (a.rank ?? 0) - (b.rank ?? 0);
    const iterator = new ArrayCollection<Task>(array, {
      compare,
    }).getIterator();
    while (iterator.hasNext()) {
      const item = iterator.next();
      iterator.update({ ...item, rank: 10 - item.id });
      iterator.update({ ...item, rank: 20 - item.id });
    }
    expect(array.map(({ rank }) => rank)).toEqual([17, 18, 19, 20]);
  });
});

describe('An array collection', () => {
  it('appends what is inserted, to the very array', () => {
    const array = [task(1)];
    new ArrayCollection(array).insert(task(2));
    expect(array).toEqual([task(1), task(2)]);
  });

  it('transforms what is inserted or updated', () => {
    class Fat {
      constructor(private readonly row: Task) {}
      get title(): string {
        return this.row.title.toUpperCase();
      }
    }
    const array: Fat[] = [];
    const collection = new ArrayCollection(array, {
      transformItem: (row: Task) => new Fat(row),
    });
    collection.insert(task(1));
    const iterator = collection.getIterator();
    expect(iterator.next().title).toBe('TASK 1');
    iterator.update(task(2));
    expect(array.map(({ title }) => title)).toEqual(['TASK 2']);
  });

  it('replaces a row of the same key, and removes by key', () => {
    const array = tasks(3);
    const collection = new ArrayCollection(array, { key: 'id' });
    collection.put(task(1, 'other'));
    expect(titles(array)).toEqual(['task 0', 'other', 'task 2']);
    expect(collection.delete(task(0, 'whatever'))).toBe(true);
    expect(collection.delete(task(0))).toBe(false);
    expect(titles(array)).toEqual(['other', 'task 2']);
    collection.put(task(3));
    expect(ids(array)).toEqual([1, 2, 3]);
  });

  it('moves a row to another key, and leaves one row of a key', () => {
    const array = tasks(4);
    const collection = new ArrayCollection(array, { key: 'id' });
    collection.put(task(9), task(1));
    expect(ids(array)).toEqual([0, 9, 2, 3]);
    collection.put(task(3, 'was 9'), task(9));
    expect(titles(array)).toEqual(['task 0', 'task 2', 'was 9']);
    collection.put(task(9));
    expect(ids(array)).toEqual([0, 2, 3, 9]);
  });

  it.each([
    { what: 'a number and its text', keys: [1, '1'] },
    { what: 'booleans and their texts', keys: [true, 'true', false, 'false'] },
    { what: 'arrays', keys: [[1, 2], [2, 1], '[1,2]', '\0[1,2]'] },
    { what: 'texts that begin with NUL', keys: ['\0', '\0"', '\0"\0'] },
  ])('tells $what apart', ({ keys }) => {
    const array: { key: unknown }[] = [];
    const collection = new ArrayCollection(array, { key: 'key' });
    for (const key of [...keys, ...keys]) collection.put({ key });
    expect(array).toEqual(keys.map((key) => ({ key })));
  });

  it('takes keys that are objects for the same in any order of members', () => {
    const array: { at: object; n: number }[] = [];
    const collection = new ArrayCollection(array, { key: 'at' });
    collection.put({ at: { x: 1, y: 2 }, n: 1 });
    collection.put({ at: { y: 2, x: 1 }, n: 2 });
    expect(array).toEqual([{ at: { y: 2, x: 1 }, n: 2 }]);
  });

  it('inserts rows without key, and never finds them again', () => {
    const array: { id?: number | null }[] = [];
    const collection = new ArrayCollection(array, { key: 'id' });
    collection.put({});
    collection.put({ id: null });
    collection.put({});
    expect(collection.delete({})).toBe(false);
    collection.put({ id: 1 });
    expect(collection.delete({ id: 1 })).toBe(true);
    expect(array).toEqual([{}, { id: null }, {}]);
  });

  it('takes a row whose key is a number that is none as one without', () => {
    const [a, b] = [{ name: 'a' }, { name: 'b' }];
    const array: { name: string }[] = [];
    const key = ({ name }: { name: string }): number => Number(name);
    const collection = new ArrayCollection(array, { key });
    collection.put(a);
    collection.put(b);
    expect(array).toEqual([a, b]);
    expect(collection.delete(b)).toBe(false);
    expect(array).toEqual([a, b]);
  });

  it('reports a key function that throws once, and takes the row as one without', () => {
    const error = jest.spyOn(console, 'error').mockImplementation(() => {});
    const array: { meta?: { id: number } }[] = [];
    const collection = new ArrayCollection(array, {
      key: (row: { meta?: { id: number } }) => row.meta!.id,
    });
    collection.put({});
    collection.put({});
    collection.put({ meta: { id: 1 } });
    collection.put({ meta: { id: 1 } });
    expect(array).toEqual([{}, {}, { meta: { id: 1 } }]);
    expect(error).toHaveBeenCalledTimes(1);
  });

  it('does not mind what else is in the array', () => {
    const array = [null, task(1), undefined, 'text'] as unknown as Task[];
    const collection = new ArrayCollection(array, { key: 'id' });
    collection.put(task(1, 'found'));
    collection.delete(task(2));
    expect(array).toEqual([null, task(1, 'found'), undefined, 'text']);
  });

  it('has changed nothing when transformItem throws', () => {
    const array = tasks(2);
    const collection = new ArrayCollection(array, {
      key: 'id',
      transformItem: (row: Task) => {
        if (row.title === 'bad') throw new Error('bad row');
        return row;
      },
    });
    expect(() => collection.put(task(1, 'bad'))).toThrow('bad row');
    expect(() => collection.insert(task(7, 'bad'))).toThrow('bad row');
    expect(array).toEqual(tasks(2));
    collection.put(task(1, 'good'));
    expect(titles(array)).toEqual(['task 0', 'good']);
  });

  describe('whose items lack the key of their rows', () => {
    const label = ({ title }: Task): { label: string } => ({ label: title });
    const labels = (array: readonly { label: string }[]): string[] =>
      array.map((item) => item.label);

    it.each([
      { when: 'of its own', options: { key: 'id' } as const },
      { when: 'of the processor', options: {} },
    ])('finds them by a key $when', ({ options }) => {
      const array: { label: string }[] = [];
      const collection = new ArrayCollection(array, {
        ...options,
        transformItem: label,
      });
      // Rows may come before there is a processor.
      collection.reset([task(1, 'a'), task(2, 'b')]);
      const processor = new CollectionDeltaProcessor({ Task: collection });
      const model = 'Task';
      processor.processDeltas([
        { type: 'update', model, newData: task(1, 'A'), oldData: task(1, 'a') },
        { type: 'update', model, newData: task(3, 'c'), oldData: task(2, 'b') },
        { type: 'insert', model, data: task(4, 'd') },
      ]);
      expect(labels(array)).toEqual(['A', 'c', 'd']);
      array.reverse();
      processor.processDelta({ type: 'delete', model, data: task(1) });
      processor.processDelta({ type: 'insert', model, data: task(3, 'C') });
      expect(labels(array)).toEqual(['d', 'C']);
    });

    it('finds those that the application made by their own key', () => {
      type Label = { label: string; id?: number };
      const array: Label[] = [{ label: 'first', id: 1 }];
      const collection = new ArrayCollection<Task, Label>(array, {
        key: 'id',
        transformItem: label,
      });
      array.push({ label: 'optimistic', id: 2 });
      collection.put(task(2, 'saved'));
      collection.put(task(1, 'one'));
      expect(labels(array)).toEqual(['one', 'saved']);
    });

    it('takes an item again that was changed in place', () => {
      const array: { label: string }[] = [];
      const item = { label: '' };
      const collection = new ArrayCollection(array, {
        key: 'id',
        transformItem: (row: Task) => Object.assign(item, label(row)),
      });
      collection.put(task(1, 'a'));
      collection.put(task(1, 'b'));
      expect(labels(array)).toEqual(['b']);
    });

    const refusal = 'transformItem must make an object for each row';

    it('refuses items that are no objects', () => {
      const array: string[] = [];
      const collection = new ArrayCollection(array, {
        key: 'id',
        transformItem: ({ title }: Task) => title,
      });
      expect(() => collection.put(task(1))).toThrow(refusal);
      expect(array).toEqual([]);
    });

    it('refuses an item that is that of another row', () => {
      const item = { label: 'one for all' };
      const array: object[] = [];
      const collection = new ArrayCollection(array, {
        key: 'id',
        transformItem: (): object => item,
      });
      collection.put(task(1));
      expect(() => collection.put(task(2))).toThrow(refusal);
      expect(collection.delete(task(1))).toBe(true);
      expect(array).toEqual([]);
    });

    it('takes any items where nothing is looked for by a key', () => {
      const array: string[] = [];
      const collection = new ArrayCollection<Task, string>(array, {
        transformItem: ({ title }) => title,
      });
      const processor = new CollectionDeltaProcessor(
        { Task: collection },
        { itemsAreEqual: (item, row) => item === (row as Task).title },
      );
      for (const id of [1, 2, 2]) {
        processor.processDelta({
          type: 'insert',
          model: 'Task',
          data: task(id),
        });
      }
      processor.processDelta({ type: 'delete', model: 'Task', data: task(1) });
      expect(array).toEqual(['task 2']);
    });
  });

  it('keeps equal keys of the application, and takes the first for the row', () => {
    const array = [task(1, 'first'), task(1, 'second'), task(2)];
    const collection = new ArrayCollection(array, { key: 'id' });
    collection.put(task(1, 'new'));
    expect(titles(array)).toEqual(['new', 'second', 'task 2']);
    collection.delete(task(1));
    collection.delete(task(1));
    expect(titles(array)).toEqual(['task 2']);
  });

  describe('that is reset', () => {
    it('has the new rows in the same array', () => {
      const array = tasks(3);
      const collection = new ArrayCollection(array, { key: 'id' });
      collection.put(task(5));
      collection.reset([task(2, 'b'), task(1, 'a')]);
      expect(titles(array)).toEqual(['b', 'a']);
      collection.put(task(1, 'c'));
      expect(titles(array)).toEqual(['b', 'c']);
    });

    it('transforms the rows, and leaves out what cannot be', () => {
      const error = jest.spyOn(console, 'error').mockImplementation(() => {});
      const array: Task[] = [];
      const collection = new ArrayCollection(array, {
        transformItem: (row: Task) => {
          if (row.id === 1) throw new Error('bad row');
          return { ...row, title: row.title.toUpperCase() };
        },
      });
      collection.reset(tasks(3));
      expect(titles(array)).toEqual(['TASK 0', 'TASK 2']);
      expect(error).toHaveBeenCalledTimes(1);
    });

    it('takes its own array', () => {
      const array = tasks(3);
      new ArrayCollection(array, { key: 'id' }).reset(array);
      expect(array).toEqual(tasks(3));
    });

    it('keeps one row of a key, and the order', () => {
      const array: Task[] = [];
      const collection = new ArrayCollection(array, {
        key: 'id',
        compare: (a, b) => b.id - a.id,
      });
      collection.reset([task(1), task(2), task(1, 'again'), task(3)]);
      expect(titles(array)).toEqual(['task 3', 'task 2', 'again']);
    });
  });

  describe('with an order', () => {
    const compare = (a: Task, b: Task): number => (a.rank ?? 0) - (b.rank ?? 0);
    const ranked = (id: number, rank: number): Task => ({ ...task(id), rank });

    it('sorts the array it is given', () => {
      const array = [ranked(1, 2), ranked(2, 1)];
      new ArrayCollection(array, { compare });
      expect(ids(array)).toEqual([2, 1]);
    });

    it.each([{ key: 'id' as const }, { key: undefined }])(
      'inserts behind equal rows, with the key $key',
      ({ key }) => {
        const array = [ranked(1, 1), ranked(2, 2)];
        const collection = new ArrayCollection(array, { key, compare });
        collection.insert(ranked(3, 1));
        collection.insert(ranked(4, 0));
        collection.insert(ranked(5, 2));
        expect(ids(array)).toEqual([4, 1, 3, 2, 5]);
      },
    );

    it('leaves a row in its place unless its rank has changed', () => {
      const array = [ranked(1, 1), ranked(2, 1), ranked(3, 1), ranked(4, 2)];
      const collection = new ArrayCollection(array, { key: 'id', compare });
      collection.put({ ...ranked(1, 1), title: 'new' });
      expect(ids(array)).toEqual([1, 2, 3, 4]);
      collection.put(ranked(1, 2));
      expect(ids(array)).toEqual([2, 3, 4, 1]);
      collection.put(ranked(1, 1));
      expect(ids(array)).toEqual([2, 3, 1, 4]);
    });

    it('takes many rows in one batch, and finds them afterwards', () => {
      const array = Array.from({ length: 200 }, (_, id) => ranked(id, id % 7));
      const collection = new ArrayCollection(array, { key: 'id', compare });
      const expected = [...array];
      collection.begin();
      for (let id = 100; id < 400; id++) {
        const row = ranked(id, (id * 3) % 7);
        collection.put(row);
        const known = expected.findIndex((other) => other.id === id);
        if (known < 0 || expected[known]?.rank !== row.rank) {
          if (known >= 0) expected.splice(known, 1);
          expected.push(row);
        } else {
          expected[known] = row;
        }
      }
      collection.commit();
      expected.sort(compare);
      expect(array).toEqual(expected);
      for (const { id } of expected)
        expect(collection.delete(task(id))).toBe(true);
      expect(array).toEqual([]);
    });

    it('finds rows that all came to the same place', () => {
      const array = [ranked(0, 0), ranked(1, 2)];
      const collection = new ArrayCollection(array, { key: 'id', compare });
      for (let id = 2; id < 202; id++) collection.insert(ranked(id, 1));
      for (let id = 2; id < 202; id++) {
        collection.insert({ ...ranked(id, 1), title: 'again' });
      }
      expect(array).toHaveLength(202);
      expect(titles(array.slice(1, -1))).toEqual(Array(200).fill('again'));
    });

    it('reports a comparison that throws once, and takes rows as equal then', () => {
      const error = jest.spyOn(console, 'error').mockImplementation(() => {});
      const array: Task[] = [];
      const collection = new ArrayCollection(array, {
        key: 'id',
        compare: (a, b) => {
          if (a.id === 7 || b.id === 7) throw new Error('no 7, please');
          return a.id - b.id;
        },
      });
      for (const id of [3, 7, 1, 7, 2]) collection.put(task(id));
      expect(array).toHaveLength(4);
      expect(new Set(ids(array))).toEqual(new Set([1, 2, 3, 7]));
      expect(error).toHaveBeenCalledTimes(1);
    });
  });

  describe('whose array the application changes', () => {
    const start = (count = 5): [Task[], ArrayCollection<Task>] => {
      const array = tasks(count);
      const collection = new ArrayCollection(array, { key: 'id' });
      collection.put(task(0));
      return [array, collection];
    };

    it('finds a row that was pushed', () => {
      const [array, collection] = start();
      array.push(task(7, 'optimistic'));
      collection.insert(task(7, 'saved'));
      expect(titles(array).slice(4)).toEqual(['task 4', 'saved']);
    });

    it('finds rows that were sorted', () => {
      const [array, collection] = start();
      array.sort((a, b) => ((a.id * 3) % 5) - ((b.id * 3) % 5));
      collection.delete(task(3));
      collection.put(task(1, 'new'));
      expect(array).toHaveLength(4);
      expect(titles(array)).toContain('new');
      expect(ids(array)).not.toContain(3);
    });

    it('finds a row that took the place of another, to update or delete it', () => {
      const [array, collection] = start();
      array[2] = task(9);
      collection.put(task(9, 'updated'), task(9));
      expect(titles(array)[2]).toBe('updated');
      array[3] = task(8);
      expect(collection.delete(task(8))).toBe(true);
      collection.insert(task(2, 'back'));
      expect(titles(array)).toEqual([
        'task 0',
        'task 1',
        'updated',
        'task 4',
        'back',
      ]);
    });

    it('looks a few times in a batch for rows that are not there', () => {
      const array = tasks(1000);
      let reads = 0;
      const collection = new ArrayCollection(array, {
        key: (row: Task) => {
          reads++;
          return row.id;
        },
      });
      const processor = new CollectionDeltaProcessor({ Task: collection });
      const deletions = Array.from({ length: 500 }, (_, nth) => ({
        type: 'delete' as const,
        model: 'Task',
        data: task(5000 + nth),
      }));
      processor.processDelta({ type: 'insert', model: 'Task', data: task(1) });
      reads = 0;
      expect(processor.processDeltas(deletions)).toBe(false);
      expect(reads).toBeGreaterThanOrEqual(1000);
      expect(reads).toBeLessThan(20_000);
      // The next delta checks the array too.
      array.reverse();
      expect(collection.delete(task(10))).toBe(true);
    });

    it('does not put all rows in order for one that is not there', () => {
      let reads = 0;
      let comparisons = 0;
      const array = tasks(1000);
      const collection = new ArrayCollection(array, {
        key: (row: Task) => {
          reads++;
          return row.id;
        },
        compare: (left, right) => {
          comparisons++;
          return left.id - right.id;
        },
      });
      collection.put(task(500, 'builds the index'));
      reads = comparisons = 0;
      for (let id = 2000; id < 2100; id++) collection.delete(task(id));
      expect(reads).toBeLessThan(101_000);
      // Each delta checks whether the application has moved a row.
      expect(comparisons).toBeLessThan(100_000);
      for (let id = 3000; id < 3100; id++) collection.put(task(id), task(id));
      expect(reads).toBeLessThan(220_000);
      expect(comparisons).toBeLessThan(210_000);
      expect(array).toHaveLength(1100);
    });

    it('finds rows of a long array whose middle was sorted', () => {
      const [array, collection] = start(2000);
      const middle = array.slice(1, 1999).reverse();
      array.splice(1, 1998, ...middle);
      collection.insert(task(500, 'known'));
      expect(array).toHaveLength(2000);
      expect(titles(array)).toContain('known');
      expect(titles(array)).not.toContain('task 500');
    });

    it('has one item of each own change, confirmed in any order', () => {
      const [array, collection] = start();
      // Three are made in the place of three that go, and nothing is told.
      array.pop();
      array.push(task(10, 'own'));
      array.splice(1, 1, task(11, 'own'));
      array[2] = task(12, 'own');
      const processor = new CollectionDeltaProcessor({ Task: collection });
      const model = 'Task';
      for (const id of [12, 10, 11]) {
        processor.processDelta({
          type: 'insert',
          model,
          data: task(id, 'saved'),
        });
      }
      for (const id of [1, 4, 2]) {
        processor.processDelta({ type: 'delete', model, data: task(id) });
      }
      expect(titles(array)).toEqual([
        'task 0',
        'saved',
        'saved',
        'task 3',
        'saved',
      ]);
    });

    it('finds a row that has got its key meanwhile', () => {
      const [array, collection] = start();
      const own = task(-1, 'own');
      array.splice(2, 0, own);
      collection.put(task(0, 'other'));
      own.id = 77;
      collection.insert(task(77, 'saved'));
      expect(ids(array)).toEqual([0, 1, 77, 2, 3, 4]);
      expect(array[2]?.title).toBe('saved');
    });

    it('takes an own change of a rank back to its place', () => {
      const array = tasks(5);
      const collection = new ArrayCollection(array, {
        key: 'id',
        compare: (a, b) => (a.rank ?? a.id) - (b.rank ?? b.id),
      });
      array[1] = { ...task(1), rank: 9 };
      collection.put({ ...task(1), rank: 9 });
      expect(ids(array)).toEqual([0, 2, 3, 4, 1]);
      (array[0] as Task).rank = 10;
      collection.put(task(2, 'new'));
      expect(ids(array)).toEqual([2, 3, 4, 1, 0]);
    });

    it('sorts in vain, but not for ever, by a comparison that makes no sense', () => {
      const array = tasks(5);
      const collection = new ArrayCollection(array, {
        key: 'id',
        compare: () => 1,
      });
      collection.put(task(7));
      collection.put(task(7, 'again'));
      expect(array).toHaveLength(6);
    });

    describe('and is very long', () => {
      it.each([0, 1, 500, 6000, 11_998, 11_999])(
        'finds a row that took the place of the one at %d, new or not',
        (place) => {
          const [array, collection] = start(12_000);
          array[place] = task(-7, 'own');
          collection.insert(task(-7, 'saved'));
          expect(array).toHaveLength(12_000);
          expect(array[place]?.title).toBe('saved');
          expect(collection.delete(task(place))).toBe(false);
          expect(collection.delete(task(-7))).toBe(true);
          expect(array.filter(({ id }) => id === -7)).toEqual([]);
          expect(array).toHaveLength(11_999);
        },
      );

      it('finds a row that has got its key where it is', () => {
        const [array, collection] = start(12_000);
        array[700]!.id = -7;
        collection.insert(task(-7, 'saved'));
        expect(array[700]?.title).toBe('saved');
        expect(array).toHaveLength(12_000);
      });

      it('finds both keys of a row that moves, whatever else was moved', () => {
        const [array, collection] = start(12_000);
        [array[3], array[4]] = [array[4]!, array[3]!];
        array[700]!.id = -7;
        // The row has not moved. The other one is not known yet.
        collection.put(task(50, 'was -7'), task(-7));
        expect(array[50]?.title).toBe('was -7');
        expect(ids(array)).not.toContain(-7);
        collection.put(task(60, 'was 4'), task(4));
        expect(titles(array)).toContain('was 4');
        expect(ids(array)).not.toContain(4);
        expect(array).toHaveLength(11_998);
      });

      it('is sorted again by a batch with a new row', () => {
        const array = tasks(12_000);
        const collection = new ArrayCollection(array, {
          key: 'id',
          compare: (a, b) => (a.rank ?? a.id) - (b.rank ?? b.id),
        });
        collection.put(task(0));
        array[700]!.rank = 20_000;
        collection.insert(task(-7));
        expect(array[0]?.id).toBe(-7);
        expect(array.at(-1)?.id).toBe(700);
      });
    });

    it('starts again when it was cleared', () => {
      const [array, collection] = start();
      array.length = 0;
      collection.delete(task(1));
      collection.put(task(1));
      expect(ids(array)).toEqual([1]);
    });

    it('is sorted again', () => {
      const array = tasks(5);
      const collection = new ArrayCollection(array, {
        key: 'id',
        compare: (a, b) => a.id - b.id,
      });
      array.push(task(-1));
      collection.put(task(2, 'new'));
      expect(ids(array)).toEqual([-1, 0, 1, 2, 3, 4]);
    });
  });

  describe('of 100,000 rows', () => {
    it.each([
      { order: 'none', compare: undefined },
      { order: 'an order', compare: (a: Task, b: Task) => a.id - b.id },
    ])('reads few rows of known changes, with $order', ({ compare }) => {
      const array = tasks(100_000);
      let reads = 0;
      const collection = new ArrayCollection(array, {
        key: (row: Task) => {
          reads++;
          return row.id;
        },
        compare,
      });
      collection.put(task(50_000, 'builds the index'));
      reads = 0;
      for (let nth = 0; nth < 300; nth++) {
        collection.put(task(nth * 331, 'updated'));
        collection.put(task(nth * 331, 'again'), task(nth * 331));
        expect(collection.delete(task(nth * 331 + 1))).toBe(true);
      }
      expect(reads / 900).toBeLessThan(30);
      reads = 0;
      collection.begin();
      for (let nth = 0; nth < 300; nth++) {
        // New rows come in order, between the others.
        collection.put(task(nth * 331 + 1.5));
        collection.put(task(nth * 331 + 1.5, 'updated'));
        collection.put(task(nth * 331 + 2.5), task(nth * 331 + 2));
        collection.delete(task(nth * 331 + 1));
      }
      collection.commit();
      // One look at all, and some reads of each. So many are sorted at the end.
      expect(reads).toBeGreaterThanOrEqual(99_000);
      expect(reads).toBeLessThan(compare ? 212_000 : 112_000);
      expect(array).toHaveLength(100_000);
    });
  });

  it('moves an item that transformItem has changed in place', () => {
    const views = new Map<number, { id: number; rank: number }>();
    const items: { id: number; rank: number }[] = [];
    const collection = new ArrayCollection<
      { id: number; rank: number },
      { id: number; rank: number }
    >(items, {
      key: 'id',
      compare: (left, right) => left.rank - right.rank,
      transformItem: (row) => {
        const view = Object.assign(views.get(row.id) ?? { ...row }, row);
        views.set(row.id, view);
        return view;
      },
    });
    for (const id of [1, 2, 3]) collection.insert({ id, rank: id });
    collection.insert({ id: 1, rank: 9 });
    collection.insert({ id: 4, rank: 2.5 });
    expect(items.map(({ rank }) => rank)).toEqual([2, 2.5, 3, 9]);
  });
});
