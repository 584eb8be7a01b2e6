import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { ArrayCollection } from '../../../src/client/collections/array-collection.js';
import {
  CollectionDeltaProcessor,
  type TaggedDelta,
} from '../../../src/client/collections/collection-delta-processor.js';
import type { Collection } from '../../../src/client/collections/collection.js';
import { ListCollection } from './list-collection.js';

interface Task {
  id?: number | string;
  title: string;
}

const task = (id: number, title = `task ${id}`): Task => ({ id, title });
const insert = (data: object, version?: number): TaggedDelta => ({
  type: 'insert',
  model: 'Task',
  data,
  ...(version === undefined ? {} : { version }),
});
const remove = (data: object, version?: number): TaggedDelta => ({
  ...insert(data, version),
  type: 'delete',
  data,
});
const update = (
  newData: object,
  oldData: object,
  version?: number,
): TaggedDelta => ({
  type: 'update',
  model: 'Task',
  newData,
  oldData,
  ...(version === undefined ? {} : { version }),
});
const titles = (rows: readonly Task[]): string[] =>
  rows.map(({ title }) => title);
const silence = () => jest.spyOn(console, 'error').mockImplementation(() => {});

afterEach(() => {
  jest.restoreAllMocks();
});

/** Each way to tell rows apart must do the same. */
const WAYS: {
  way: string;
  make: (rows: Task[]) => CollectionDeltaProcessor;
}[] = [
  {
    way: 'an array with a key',
    make: (rows) =>
      new CollectionDeltaProcessor({
        Task: new ArrayCollection(rows, { key: 'id' }),
      }),
  },
  {
    way: 'an array by id',
    make: (rows) =>
      new CollectionDeltaProcessor({ Task: new ArrayCollection(rows) }),
  },
  {
    way: 'a collection of the application',
    make: (rows) =>
      new CollectionDeltaProcessor({ Task: new ListCollection(rows) }),
  },
];

describe.each(WAYS)('Deltas for $way', ({ make }) => {
  it('insert, update and delete', () => {
    const rows = [task(1), task(2)];
    const processor = make(rows);
    expect(processor.processDelta(insert(task(3)))).toBe(true);
    expect(processor.processDelta(update(task(2, 'new'), task(2)))).toBe(true);
    expect(processor.processDelta(remove(task(1)))).toBe(true);
    expect(titles(rows)).toEqual(['new', 'task 3']);
  });

  it('replace a known row by an insert, and insert an unknown one by an update', () => {
    const rows = [task(1), task(2)];
    const processor = make(rows);
    expect(processor.processDelta(insert(task(1, 'again')))).toBe(true);
    expect(processor.processDelta(update(task(7, 'seven'), task(7)))).toBe(
      true,
    );
    expect(titles(rows)).toEqual(['again', 'task 2', 'seven']);
  });

  it('do nothing by a delete of an unknown row', () => {
    const rows = [task(1)];
    expect(make(rows).processDelta(remove(task(7)))).toBe(false);
    expect(rows).toEqual([task(1)]);
  });

  it('find a row by what it was, or else by what it is', () => {
    const rows = [task(1), task(2)];
    const processor = make(rows);
    processor.processDelta(update(task(5, 'was 1'), task(1)));
    processor.processDelta(update(task(2, 'was 9'), task(9)));
    expect(titles(rows)).toEqual(['was 1', 'was 9']);
    processor.processDelta(remove(task(5)));
    expect(titles(rows)).toEqual(['was 9']);
  });

  it('leave one row where a row moves to a known key', () => {
    const rows = [task(1), task(2), task(3)];
    make(rows).processDelta(update(task(3, 'was 1'), task(1)));
    expect(titles(rows)).toEqual(['task 2', 'was 1']);
  });

  it('come in batches', () => {
    const rows = [task(1), task(2), task(3)];
    const processor = make(rows);
    const changed = processor.processDeltas([
      remove(task(1)),
      insert(task(4)),
      remove(task(3)),
      insert(task(1, 'back')),
      update(task(4, 'four'), task(4)),
      remove(task(2)),
    ]);
    expect(changed).toBe(true);
    expect(titles(rows)).toEqual(['four', 'back']);
    expect(processor.processDeltas([])).toBe(false);
    expect(processor.processDeltas([remove(task(2)), remove(task(3))])).toBe(
      false,
    );
  });

  it('insert rows without key, and tell who changes one', () => {
    const error = silence();
    const rows: Task[] = [];
    const processor = make(rows);
    processor.processDelta(insert({ title: 'a' }));
    processor.processDelta(insert({ title: 'b' }));
    expect(error).not.toHaveBeenCalled();
    const changed = processor.processDeltas([
      remove({ title: 'a' }),
      update({ title: 'c' }, { title: 'a' }),
      update({ title: 'd' }, { title: 'a' }),
    ]);
    expect(changed).toBe(false);
    expect(titles(rows)).toEqual(['a', 'b']);
    expect(error).toHaveBeenCalledTimes(1);
    expect(error.mock.calls[0]?.[0]).toContain('Task');
  });

  it('is left alone by Vue, as array collections are', () => {
    const items = new ArrayCollection<{ id: number }>([]);
    for (const each of [items, new CollectionDeltaProcessor({ Task: items })]) {
      expect(each).toHaveProperty('__v_skip', true);
    }
  });

  describe('with versions', () => {
    it('lose when they are older than what is known of the row', () => {
      const rows: Task[] = [];
      const processor = make(rows);
      processor.processDelta(insert(task(1), 1));
      processor.processDelta(update(task(1, 'v3'), task(1), 3));
      expect(processor.processDelta(update(task(1, 'v2'), task(1), 2))).toBe(
        false,
      );
      expect(processor.processDelta(remove(task(1), 2))).toBe(false);
      expect(titles(rows)).toEqual(['v3']);
      processor.processDelta(update(task(1, 'v3 again'), task(1), 3));
      processor.processDelta(update(task(1, 'v4'), task(1), 4));
      expect(titles(rows)).toEqual(['v4']);
    });

    it('do not bring a deleted row back', () => {
      const rows = [task(1)];
      const processor = make(rows);
      processor.processDelta(remove(task(1), 5));
      processor.processDelta(update(task(1), task(1), 4));
      processor.processDelta(insert(task(1), 1));
      expect(rows).toEqual([]);
      processor.processDelta(insert(task(1, 'back'), 6));
      expect(titles(rows)).toEqual(['back']);
    });

    it('hold for the old and the new key of a row', () => {
      const rows = [task(1)];
      const processor = make(rows);
      processor.processDelta(update(task(2), task(1), 5));
      processor.processDelta(update(task(1, 'late'), task(1), 4));
      processor.processDelta(update(task(2, 'late'), task(2), 4));
      expect(titles(rows)).toEqual(['task 2']);
    });

    it('win when nothing is known, and when they have none', () => {
      const rows = [task(1)];
      const processor = make(rows);
      processor.processDelta(update(task(1, 'v-7'), task(1), -7));
      expect(titles(rows)).toEqual(['v-7']);
      processor.processDelta(update(task(1, 'none'), task(1)));
      expect(titles(rows)).toEqual(['none']);
      processor.processDelta(update(task(1, 'older'), task(1), -8));
      expect(titles(rows)).toEqual(['none']);
    });

    it('are remembered of the rows that were changed last', () => {
      const rows: Task[] = [];
      const processor = make(rows);
      const deltas: TaggedDelta[] = [];
      for (let id = 0; id <= 100_000; id++) {
        // Gone at once, so that no walk is long.
        deltas.push(insert(task(id), 2), remove(task(id), 2));
        if (id === 99_999) deltas.push(remove(task(1), 3));
      }
      processor.processDeltas(deltas);
      processor.processDelta(insert(task(0, 'forgotten'), 1));
      processor.processDelta(insert(task(1, 'changed again'), 1));
      processor.processDelta(insert(task(3, 'remembered'), 1));
      expect(titles(rows)).toEqual(['forgotten']);
    });
  });

  it('hurt nobody when they are malformed', () => {
    const error = silence();
    const rows: Task[] = [];
    const bad = [
      null,
      undefined,
      7,
      'insert',
      [],
      {},
      { type: 'insert' },
      { model: 'Task', data: task(900) },
      { type: 'upsert', model: 'Task', data: task(900) },
      { type: 'insert', model: 7, data: task(900) },
      { type: 'insert', model: 'Task' },
      { type: 'insert', model: 'Task', data: null },
      { type: 'insert', model: 'Task', data: 'text' },
      { type: 'delete', model: 'Task', data: 7 },
      { type: 'update', model: 'Task', newData: task(900) },
      { type: 'update', model: 'Task', newData: null, oldData: task(900) },
      { type: 'insert', model: '__proto__', data: task(900) },
      { type: 'insert', model: 'constructor', data: task(900) },
    ] as unknown as TaggedDelta[];
    const processor = make(rows);
    const batch = bad.flatMap((delta, id) => [delta, insert(task(id))]);
    expect(processor.processDeltas(batch)).toBe(true);
    expect(rows).toHaveLength(bad.length);
    // Once what is no delta, and once for each of the unknown models.
    expect(error).toHaveBeenCalledTimes(3);
    for (const list of [null, undefined, {}, 7]) {
      expect(processor.processDeltas(list as unknown as [])).toBe(false);
    }
  });
});

describe('A collection delta processor', () => {
  it('works as the documentation shows', () => {
    const comments = [{ id: 1, text: 'first' }];
    const collectionProcessor = new CollectionDeltaProcessor({
      Comment: new ArrayCollection(comments),
    });
    collectionProcessor.processDelta({
      type: 'insert',
      model: 'Comment',
      data: { id: 2, text: 'second' },
    });
    expect(comments).toEqual([
      { id: 1, text: 'first' },
      { id: 2, text: 'second' },
    ]);
  });

  it('chooses among collections of a model by tag', () => {
    const error = silence();
    const open: Task[] = [];
    const done: Task[] = [];
    const processor = new CollectionDeltaProcessor({
      Task: {
        open: new ArrayCollection(open),
        done: new ArrayCollection(done, { key: 'id' }),
      },
    });
    processor.processDeltas([
      { ...insert(task(1)), tag: 'open' },
      { ...insert(task(2)), tag: 'done' },
      { ...insert(task(3)), tag: 'other' },
      insert(task(4)),
      { ...remove(task(1)), tag: 'open' },
    ]);
    expect(titles(open)).toEqual([]);
    expect(titles(done)).toEqual(['task 2']);
    expect(error.mock.calls.map(([text]) => String(text))).toEqual([
      expect.stringContaining('Task (other)'),
      expect.stringMatching(/Task\b(?! \()/),
    ]);
  });

  it('takes no notice of tags where a model has one collection', () => {
    const rows: Task[] = [];
    const processor = new CollectionDeltaProcessor({
      Task: new ArrayCollection(rows),
    });
    processor.processDelta({ ...insert(task(1)), tag: 'any' });
    expect(titles(rows)).toEqual(['task 1']);
  });

  it('compares as it is told, with the item first', () => {
    const rows = [
      { slug: 'a', n: 1 },
      { slug: 'b', n: 1 },
    ];
    const seen: unknown[][] = [];
    const processor = new CollectionDeltaProcessor(
      { Task: new ArrayCollection(rows) },
      {
        itemsAreEqual: (item: object, other: { slug: string }, delta) => {
          seen.push([item, other, delta]);
          return 'slug' in item && item.slug === other.slug;
        },
      },
    );
    const delta = update({ slug: 'b', n: 2 }, { slug: 'b', n: 1 });
    processor.processDelta(delta);
    expect(seen[0]).toEqual([{ slug: 'a', n: 1 }, { slug: 'b', n: 2 }, delta]);
    processor.processDelta(remove({ slug: 'a' }));
    processor.processDelta(insert({ slug: 'b', n: 3 }));
    processor.processDelta(insert({ slug: 'c', n: 1 }));
    expect(rows).toEqual([
      { slug: 'b', n: 3 },
      { slug: 'c', n: 1 },
    ]);
  });

  it('prefers the key of a collection to a comparison', () => {
    const rows = [task(1), task(2)];
    const processor = new CollectionDeltaProcessor(
      { Task: new ArrayCollection(rows, { key: 'id' }) },
      { itemsAreEqual: () => true },
    );
    processor.processDelta(remove(task(2)));
    expect(titles(rows)).toEqual(['task 1']);
  });

  it('has a key for collections that have none', () => {
    const rows: object[] = [{ slug: 'a', n: 1 }];
    const processor = new CollectionDeltaProcessor(
      { Task: new ListCollection(rows) },
      { key: 'slug' },
    );
    processor.processDelta(insert({ slug: 'a', n: 2 }));
    expect(rows).toEqual([{ slug: 'a', n: 2 }]);
  });

  it('tells once of a model without collection, and goes on', () => {
    const error = silence();
    const rows: Task[] = [];
    const processor = new CollectionDeltaProcessor({
      Task: new ArrayCollection(rows),
    });
    const stranger: TaggedDelta = { ...insert(task(1)), model: 'Note' };
    processor.processDeltas([stranger, insert(task(1)), stranger]);
    processor.processDelta(stranger);
    expect(titles(rows)).toEqual(['task 1']);
    expect(error).toHaveBeenCalledTimes(1);
    expect(error.mock.calls[0]?.[0]).toContain('Note');
  });

  it('tells of 100 unknown models at most', () => {
    const error = silence();
    const processor = new CollectionDeltaProcessor({});
    for (let nth = 0; nth < 200; nth++) {
      processor.processDelta({ ...insert(task(1)), model: `model ${nth}` });
    }
    expect(error).toHaveBeenCalledTimes(100);
  });

  it('reports a transformItem that throws, and applies the rest', () => {
    const error = silence();
    const rows = [task(1), task(2)];
    const processor = new CollectionDeltaProcessor({
      Task: new ArrayCollection(rows, {
        transformItem: (row: Task) => {
          if (row.title === 'bad') throw new Error('bad row');
          return row;
        },
      }),
    });
    const changed = processor.processDeltas([
      remove(task(1)),
      update(task(2, 'bad'), task(2), 5),
      insert(task(3)),
    ]);
    expect(changed).toBe(true);
    expect(titles(rows)).toEqual(['task 2', 'task 3']);
    expect(error.mock.calls).toEqual([
      [expect.objectContaining({ message: 'bad row' })],
    ]);
    // What was not applied is not known.
    processor.processDelta(update(task(2, 'good'), task(2), 4));
    expect(titles(rows)).toEqual(['good', 'task 3']);
  });

  it('reports a collection that throws, and serves the others', () => {
    const error = silence();
    const frozen = Object.freeze([task(1)]) as Task[];
    const rows: Task[] = [];
    const processor = new CollectionDeltaProcessor({
      Frozen: new ArrayCollection(frozen),
      Task: new ArrayCollection(rows),
    });
    processor.processDeltas([
      { ...insert(task(7)), model: 'Frozen' },
      insert(task(7)),
      { ...remove(task(1)), model: 'Frozen' },
    ]);
    expect(titles(rows)).toEqual(['task 7']);
    expect(error).toHaveBeenCalled();
  });

  it('makes the array dense once for each batch', () => {
    const rows = Array.from({ length: 1000 }, (_, id) => task(id));
    const writes = jest.fn();
    const watched = new Proxy(rows, {
      set(target, property, value) {
        writes();
        return Reflect.set(target, property, value);
      },
    });
    const processor = new CollectionDeltaProcessor({
      Task: new ArrayCollection(watched, { key: 'id' }),
    });
    const deltas = rows.slice(0, 500).map((row) => remove(row));
    processor.processDeltas(deltas);
    expect(rows).toHaveLength(500);
    expect(writes.mock.calls.length).toBeLessThan(1100);
  });

  it('serves one collection under two models', () => {
    const rows: Task[] = [];
    const collection: Collection<Task> = new ArrayCollection(rows);
    const processor = new CollectionDeltaProcessor({
      Task: collection,
      Note: collection,
    });
    processor.processDeltas([
      insert(task(1)),
      { ...insert(task(2)), model: 'Note' },
      remove(task(1)),
    ]);
    expect(titles(rows)).toEqual(['task 2']);
  });
});
