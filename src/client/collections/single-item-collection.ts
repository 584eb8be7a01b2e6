import { ArrayIterator } from './array-iterator.js';
import {
  Collection,
  type CollectionIterator,
  type SelectiveCollection,
} from './collection.js';

/**
 * The collection of one item, which the application keeps.
 *
 * It takes no other rows: an inserted one is only logged, an updated one is
 * none of its business. The very item may be inserted again, because it was
 * fetched again or has come back into a filter: that updates it.
 *
 * @example
 * new SingleItemCollection(() => task, (value) => { task = value; });
 */
export class SingleItemCollection<Row>
  extends Collection<Row>
  implements SelectiveCollection<Row>
{
  private $removed: Row | undefined;
  private readonly $readHandler: () => Row | null | undefined;
  private readonly $updateHandler: (value: Row) => void;
  private readonly $removeHandler: (() => void) | undefined;

  /**
   * @param readHandler Answers the item, or nothing if there is none.
   * @param updateHandler Takes what the item has become.
   * @param removeHandler Is told that the item was deleted.
   */
  constructor(
    readHandler: () => Row | null | undefined,
    updateHandler: (value: Row) => void,
    removeHandler?: () => void,
  ) {
    super();
    this.$readHandler = readHandler;
    this.$updateHandler = updateHandler;
    this.$removeHandler = removeHandler;
  }

  insert(value: Row): void {
    console.debug('Snorky: not the single item:', value);
  }

  takeBack(
    value: Row,
    isSame: (item: Row) => boolean,
    isNew: boolean,
  ): boolean {
    const removed = this.$removed;
    if (removed !== undefined && isSame(removed)) {
      this.$removed = undefined;
      // Unless the application has turned to another one meanwhile.
      if (!this.getIterator().hasNext()) {
        this.$updateHandler(value);
        return true;
      }
    }
    if (isNew) this.insert(value);
    return false;
  }

  getIterator(): CollectionIterator<Row> {
    const item = this.$readHandler();
    return new ArrayIterator<Row, Row>(
      item === undefined || item === null ? [] : [item],
      (removed) => {
        this.$removed = removed;
        this.$removeHandler?.();
      },
      (value) => {
        this.$updateHandler(value);
        return value;
      },
    );
  }
}
