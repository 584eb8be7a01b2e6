import type { Task } from '../../../examples/todo/tasks/task.entity.js';
import { TestSocket } from '../../support/sockets/socket.js';

export type TaskDelta = Readonly<{
  model: string;
  version: number;
}> &
  (
    | Readonly<{ type: 'insert' | 'delete'; data: Task }>
    | Readonly<{ type: 'update'; newData: Task; oldData: Task }>
  );

interface Notification {
  readonly type: string;
  readonly deltas?: readonly TaskDelta[];
}

/** What a browser knows of the tasks: those it fetched, and each delta since. */
export class Follower implements AsyncDisposable {
  readonly batches: (readonly TaskDelta[])[] = [];
  private readonly rows: Map<number, Task>;

  private constructor(
    private readonly socket: TestSocket,
    fetched: readonly Task[],
  ) {
    this.rows = new Map(fetched.map((task) => [task.id, task]));
  }

  /** Fetches the tasks, and subscribes to their changes. */
  static async of(http: string): Promise<Follower> {
    const response = await fetch(`${http}/tasks`, {
      headers: { 'x-snorky': 'Subscribe' },
    });
    const fetched = (await response.json()) as Task[];
    const url = `${http.replace('http', 'ws')}/ws`;
    const socket = await TestSocket.connect(url);
    const answer = await socket.call('datasync', 'acquireSubscription', {
      token: response.headers.get('x-subscription-token'),
      resume: true,
    });
    if ((answer as Notification).type !== 'response') {
      throw new Error(`Not subscribed: ${JSON.stringify(answer)}`);
    }
    return new Follower(socket, fetched);
  }

  /** Takes what was published up to now. */
  async catchUp(): Promise<void> {
    // What was queued for the client comes before an answer.
    this.socket.send('datasync', {
      command: 'cancelSubscription',
      params: { token: 'none' },
      callId: 'now',
    });
    for (;;) {
      const [message] = (await this.socket.take(1)) as [Notification];
      if (message.type === 'error') return;
      if (message.type !== 'deltas') continue;
      this.batches.push(message.deltas ?? []);
      for (const delta of message.deltas ?? []) this.apply(delta);
    }
  }

  /** In the order of the REST answer. */
  get tasks(): Task[] {
    return [...this.rows.values()].sort((a, b) => a.id - b.id);
  }

  /** Strict: it throws about what cannot have happened to the rows it knows. */
  private apply(delta: TaskDelta): void {
    const before =
      delta.type === 'update'
        ? delta.oldData
        : delta.type === 'delete'
          ? delta.data
          : undefined;
    const id = delta.type === 'update' ? delta.newData.id : delta.data.id;
    const known = JSON.stringify(this.rows.get(id));
    if (known !== JSON.stringify(before)) {
      throw new Error(`${JSON.stringify(delta)} came to ${known}`);
    }
    if (delta.type === 'delete') this.rows.delete(id);
    else this.rows.set(id, 'newData' in delta ? delta.newData : delta.data);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.socket[Symbol.asyncDispose]();
  }
}
