import {
  Collection,
  CollectionIterator,
} from '../../../src/client/collections/collection.js';

/** A collection as an application writes one: it knows nothing of keys. */
export class ListCollection<Row> extends Collection<Row> {
  constructor(readonly rows: Row[]) {
    super();
  }

  insert(value: Row): void {
    this.rows.push(value);
  }

  getIterator(): CollectionIterator<Row> {
    return new ListIterator(this.rows);
  }
}

class ListIterator<Row> extends CollectionIterator<Row> {
  private at = -1;

  constructor(private readonly rows: Row[]) {
    super();
  }

  next(): Row {
    return this.rows[++this.at] as Row;
  }

  hasNext(): boolean {
    return this.at + 1 < this.rows.length;
  }

  remove(): void {
    this.rows.splice(this.at--, 1);
  }

  update(newValue: Row): void {
    this.rows[this.at] = newValue;
  }
}
