import {
  ArrayCollection,
  liveCollection,
  type DataSync,
  type LiveCollection,
  type LiveItem,
} from 'snorky/client';
import type { Equal, Expect } from '../equal.js';

interface Task {
  readonly id: number;
  readonly title: string;
  readonly meta: { readonly uuid: string };
}
interface Label {
  readonly label: string;
}
interface Card extends Task {
  readonly isOpen: boolean;
}

const tasks: Task[] = [];
const labels: Label[] = [];
const cards: Card[] = [];
const label = ({ title }: Task): Label => ({ label: title });
const card = (task: Task): Card => ({ ...task, isOpen: false });
const model = 'Task';

const plain = new ArrayCollection(tasks);
const ordered = new ArrayCollection(tasks, {
  key: 'id',
  compare: (a, b) => a.id - b.id,
});
const byFunction = new ArrayCollection(tasks, { key: (row) => row.meta.uuid });
const made = new ArrayCollection(labels, {
  key: 'id',
  transformItem: label,
  compare: (a, b) => a.label.localeCompare(b.label),
});
const richer = new ArrayCollection(cards, { transformItem: card });

export type CollectionsKnowTheirRowsAndItems = [
  Expect<Equal<typeof plain, ArrayCollection<Task>>>,
  Expect<Equal<typeof ordered, ArrayCollection<Task>>>,
  Expect<Equal<typeof byFunction, ArrayCollection<Task>>>,
  Expect<Equal<typeof made, ArrayCollection<Task, Label>>>,
  Expect<Equal<typeof richer, ArrayCollection<Task, Card>>>,
];

export function use(datasync: DataSync, url: URL, single: boolean) {
  const explicit: ArrayCollection<Task, Label> = new ArrayCollection<
    Task,
    Label
  >([], { transformItem: label });
  // A card is a task: rows that are cards need not be made tasks.
  const wider = new ArrayCollection<Card, Task>([]);
  return {
    explicit,
    wider,
    list: liveCollection<Task>(datasync, '/tasks', { model, key: 'id' }),
    item: liveCollection<Task>(datasync, url, {
      model,
      single: true,
      key: (row) => row.meta.uuid,
      itemsAreEqual: (row, other) => row.id === other.id,
    }),
    either: liveCollection<Task>(datasync, url, { model, single }),
    labels: liveCollection(datasync, url, { model, transformItem: label }),
    label: liveCollection<Task, Label>(datasync, url, {
      model,
      single: true,
      transformItem: label,
    }),
    compared: liveCollection<Task, Label>(datasync, url, {
      model,
      transformItem: label,
      compare: (a, b) => a.label.localeCompare(b.label),
      itemsAreEqual: (item, row) => item.label === row.title,
    }),
  };
}

type Used = ReturnType<typeof use>;

export type WhatFollowsHasItsItems = [
  Expect<Equal<Used['list'], LiveCollection<Task>>>,
  Expect<Equal<Used['item'], LiveItem<Task>>>,
  Expect<Equal<Used['either'], LiveItem<Task> | LiveCollection<Task>>>,
  Expect<Equal<Used['labels'], LiveCollection<Label>>>,
  Expect<Equal<Used['label'], LiveItem<Label>>>,
  Expect<Equal<Used['compared'], LiveCollection<Label>>>,
];

export function misuse(datasync: DataSync): void {
  // @ts-expect-error: nothing makes labels of tasks.
  new ArrayCollection<Task, Label>([]);
  // @ts-expect-error: here neither.
  new ArrayCollection<Task, Label>([], { key: 'id' });
  // @ts-expect-error: nor cards.
  new ArrayCollection<Task, Card>(cards);
  // @ts-expect-error: no such property.
  new ArrayCollection(tasks, { key: 'idd' });
  // @ts-expect-error: of the row, not of the item.
  new ArrayCollection(labels, { key: 'label', transformItem: label });
  // @ts-expect-error: no such property.
  liveCollection<Task>(datasync, '/tasks', { model, key: 'idd' });
  // @ts-expect-error: no such property.
  liveCollection<Task>(datasync, '/', { model, single: true, key: 'idd' });
  // @ts-expect-error: nothing makes labels of tasks.
  liveCollection<Task, Label>(datasync, '/tasks', { model });
  // @ts-expect-error: nothing makes a label of a task.
  liveCollection<Task, Label>(datasync, '/tasks/1', { model, single: true });
  // @ts-expect-error: one item has no order.
  liveCollection<Task>(datasync, '/', {
    model,
    single: true,
    compare: () => 0,
  });
}
