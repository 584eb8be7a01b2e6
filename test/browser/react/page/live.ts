import {
  DataSync,
  liveCollection,
  PubSub,
  Signal,
  Snorky,
} from 'snorky/client';

export interface Task {
  readonly id: number;
  readonly title: string;
}

/** How many listeners of signals there are. */
let listeners = 0;

Snorky.Signal = class<Args extends unknown[]> extends Signal<Args> {
  override add(...binding: Parameters<Signal<Args>['add']>): () => void {
    const stop = super.add(...binding);
    let isHeard = true;
    listeners++;
    return () => {
      if (isHeard) listeners--;
      isHeard = false;
      stop();
    };
  }
};

export function countListeners(): number {
  return listeners;
}

export const snorky = new Snorky(
  WebSocket,
  `${location.origin.replace('http', 'ws')}/ws`,
  { datasync: DataSync, pubsub: PubSub },
  // Long enough to be counted down.
  { reconnect: { minDelay: 800, factor: 1, random: () => 0.99 } },
);

const { datasync } = snorky.services;

/** A list that its user closes. */
export function openTasks() {
  return liveCollection<Task>(datasync, '/tasks', {
    model: 'Task',
    compare: (left, right) => (left.title < right.title ? -1 : 1),
  });
}

export const tasks = openTasks();

export const task = liveCollection<Task>(datasync, '/tasks/1', {
  model: 'Task',
  single: true,
});
