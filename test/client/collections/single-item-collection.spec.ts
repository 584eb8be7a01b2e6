import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { CollectionDeltaProcessor } from '../../../src/client/collections/collection-delta-processor.js';
import { SingleItemCollection } from '../../../src/client/collections/single-item-collection.js';

interface Player {
  readonly id: number;
  readonly score: number;
}

class Screen {
  item: Player | null = { id: 1, score: 0 };
  removals = 0;

  readonly collection = new SingleItemCollection<Player>(
    () => this.item,
    (value) => {
      this.item = value;
    },
    () => {
      this.item = null;
      this.removals++;
    },
  );
  readonly processor = new CollectionDeltaProcessor({
    Player: this.collection,
  });

  insert(data: Player): boolean {
    return this.processor.processDelta({
      type: 'insert',
      model: 'Player',
      data,
    });
  }

  update(id: number, score: number): boolean {
    return this.processor.processDelta({
      type: 'update',
      model: 'Player',
      newData: { id, score },
      oldData: { id, score: 0 },
    });
  }

  delete(id: number): boolean {
    const data = { id, score: 0 };
    return this.processor.processDelta({
      type: 'delete',
      model: 'Player',
      data,
    });
  }
}

afterEach(() => {
  jest.restoreAllMocks();
});

const debug = () => jest.spyOn(console, 'debug').mockImplementation(() => {});

describe('A single item collection', () => {
  it('updates and removes its item', () => {
    const screen = new Screen();
    expect(screen.update(1, 5)).toBe(true);
    expect(screen.item).toEqual({ id: 1, score: 5 });
    expect(screen.delete(1)).toBe(true);
    expect(screen.item).toBeNull();
    expect(screen.removals).toBe(1);
    expect(screen.delete(1)).toBe(false);
    expect(screen.removals).toBe(1);
  });

  it('only logs what is inserted', () => {
    const log = debug();
    const screen = new Screen();
    screen.collection.insert({ id: 2, score: 0 });
    expect(screen.insert({ id: 3, score: 0 })).toBe(false);
    expect(screen.item).toEqual({ id: 1, score: 0 });
    expect(log).toHaveBeenCalledTimes(2);
  });

  it('takes no notice of other rows', () => {
    const log = debug();
    const screen = new Screen();
    expect(screen.update(2, 5)).toBe(false);
    expect(screen.delete(2)).toBe(false);
    expect(screen.item).toEqual({ id: 1, score: 0 });
    expect(log).not.toHaveBeenCalled();
  });

  it('is updated by an insert of its very item', () => {
    const log = debug();
    const screen = new Screen();
    expect(screen.insert({ id: 1, score: 7 })).toBe(true);
    expect(screen.item).toEqual({ id: 1, score: 7 });
    expect(log).not.toHaveBeenCalled();
  });

  it('takes its item back after it was removed, and no other', () => {
    debug();
    const screen = new Screen();
    screen.delete(1);
    expect(screen.insert({ id: 2, score: 1 })).toBe(false);
    expect(screen.item).toBeNull();
    expect(screen.insert({ id: 1, score: 9 })).toBe(true);
    expect(screen.item).toEqual({ id: 1, score: 9 });
  });

  it('does not take an item back that the application has replaced or dropped', () => {
    debug();
    const screen = new Screen();
    screen.delete(1);
    screen.item = { id: 2, score: 5 };
    expect(screen.insert({ id: 1, score: 9 })).toBe(false);
    expect(screen.item).toEqual({ id: 2, score: 5 });
    screen.delete(2);
    screen.insert({ id: 2, score: 6 });
    screen.item = null;
    expect(screen.insert({ id: 2, score: 7 })).toBe(false);
    expect(screen.item).toBeNull();
  });

  it('needs no remove handler', () => {
    let item = { id: 1, score: 0 };
    const collection = new SingleItemCollection(
      () => item,
      (value) => {
        item = value;
      },
    );
    const iterator = collection.getIterator();
    iterator.next();
    iterator.remove();
    expect(item).toEqual({ id: 1, score: 0 });
  });

  it('has an iterator like any other', () => {
    const { collection } = new Screen();
    const iterator = collection.getIterator();
    expect(() => iterator.update({ id: 1, score: 1 })).toThrow(
      'Iterator not pointing to an item! (call next())',
    );
    expect(iterator.hasNext()).toBe(true);
    iterator.next();
    expect(() => iterator.next()).toThrow('Busted iterator');
    iterator.remove();
    expect(() => iterator.remove()).toThrow(
      'Iterator pointing to a deleted item! (call next())',
    );
    expect(collection.getIterator().hasNext()).toBe(false);
  });
});
