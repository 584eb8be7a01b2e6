import {
  createElement,
  memo,
  useEffect,
  useLayoutEffect,
  useState,
  useSyncExternalStore,
} from 'react';
import type { LiveCollection } from 'snorky/client';
import { log } from './log.js';
import { openTasks, task, tasks, type Task } from './live.js';

const Row = memo(function Row({ task: { id, title } }: { task: Task }) {
  log(`row ${id}`);
  return createElement('li', null, title);
});

function Rows({ items }: { items: readonly Task[] }) {
  return createElement(
    'ul',
    null,
    items.map((task) => createElement(Row, { key: task.id, task })),
  );
}

/** A list, with its state. Notes each commit. */
export function List({ of = tasks }: { of?: LiveCollection<Task> }) {
  const { items, state } = useSyncExternalStore(of.subscribe, of.getSnapshot);
  useLayoutEffect(() => log(`list ${state}`));
  return createElement(
    'section',
    { 'data-state': state },
    createElement(Rows, { items }),
  );
}

/** The wrong way: the array that is changed in place. */
function ArrayInPlace({ of }: { of: LiveCollection<Task> }) {
  const items = useSyncExternalStore(of.subscribe, () => of.items);
  useLayoutEffect(() => log('array'));
  return createElement(
    'aside',
    null,
    items.map(({ id, title }) => createElement('p', { key: id }, title)),
  );
}

/** A list that is there while it is shown, in both ways. */
export function OwnList() {
  const [own, setOwn] = useState<LiveCollection<Task>>();
  useEffect(() => {
    const opened = openTasks();
    setOwn(opened);
    return () => opened.close();
  }, []);
  if (own === undefined) return null;
  return [List, ArrayInPlace].map((shown, key) =>
    createElement<{ of: LiveCollection<Task> }>(shown, { key, of: own }),
  );
}

/** One task. Notes each commit. */
export function Item() {
  const { item, state } = useSyncExternalStore(
    task.subscribe,
    task.getSnapshot,
  );
  useLayoutEffect(() => log(`item ${state}`));
  return createElement('h1', null, item?.title ?? 'none');
}
