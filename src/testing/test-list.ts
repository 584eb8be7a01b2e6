import type { LiveCollection } from '../client/live/live-collection.js';
import { PATIENCE } from './inbox.js';

/** A live list, as pages have it, with a way to wait for its contents. */
export interface TestList<Item> extends LiveCollection<Item> {
  /**
   * Settles when the condition is true for the list.
   *
   * Rejects with the contents of the list if the condition is not true within
   * `patience` milliseconds; at once if the list has failed or was closed
   * without it.
   *
   * @param patience In milliseconds. @default 2000
   *
   * @example
   * await list.until(({ items }) => items.length === 2);
   */
  until(
    holds: (list: LiveCollection<Item>) => boolean,
    patience?: number,
  ): Promise<void>;
}

/** Adds to a list the methods that tests need. */
export function testList<Item>(
  list: LiveCollection<Item>,
  url: string,
): TestList<Item> {
  // A test that waits by `until` learns of a failure there.
  list.ready.catch(() => {});
  const until: TestList<Item>['until'] = (holds, patience = PATIENCE) =>
    new Promise((resolve, reject) => {
      const refuse = (problem: string): void => {
        end();
        const { state, error, items } = list;
        reject(
          new Error(
            `The list of ${url} ${problem}: it is ${state}, with ${excerpt(items)}.`,
            { cause: error },
          ),
        );
      };
      const look = (): void => {
        try {
          if (holds(list)) {
            end();
            resolve();
          } else if (list.state === 'failed' || list.state === 'closed') {
            refuse('will not be as expected');
          }
        } catch (error) {
          end();
          // The condition is the test's own code: it may throw anything.
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      const timer = setTimeout(() => {
        refuse(`was not as expected within ${patience} ms`);
      }, patience);
      const end = (): void => {
        clearTimeout(timer);
        list.changed.remove(look);
      };
      list.changed.add(look);
      look();
    });
  return Object.assign(list, { until });
}

function excerpt(items: readonly unknown[]): string {
  const text = JSON.stringify(items);
  return text.length <= 200 ? text : `${items.length} items`;
}
