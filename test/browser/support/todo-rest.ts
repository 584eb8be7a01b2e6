import type { Task } from '../../../examples/todo/tasks/task.entity.js';
import type { ExampleProcess } from '../../examples/example-process.js';
import type { Shown } from './todo-window.js';

/** What another program does with the tasks. */
export class TodoRest {
  constructor(private readonly server: ExampleProcess) {}

  async tasks(): Promise<readonly Task[]> {
    return (await this.send('GET', '/tasks')) as Task[];
  }

  /** The tasks as a window has to show them. */
  async shown(): Promise<readonly Shown[]> {
    return (await this.tasks()).map(({ title, completed }) => [
      title,
      completed,
    ]);
  }

  async add(title: string, completed = false): Promise<Task> {
    return (await this.send('POST', '/tasks', { title, completed })) as Task;
  }

  async change(
    { id }: Task,
    changes: Partial<Pick<Task, 'title' | 'completed'>>,
  ): Promise<void> {
    await this.send('PATCH', `/tasks/${id}`, changes);
  }

  async delete({ id }: Task): Promise<void> {
    await this.send('DELETE', `/tasks/${id}`);
  }

  /** Deletes all of them. */
  async clear(): Promise<void> {
    await this.send('PATCH', '/tasks', { completed: true });
    await this.send('DELETE', '/tasks?completed=true');
  }

  private async send(
    method: string,
    path: string,
    body?: object,
  ): Promise<unknown> {
    const { http, err } = this.server;
    const response = await fetch(http + path, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch((cause: unknown) => {
      throw new Error(`${method} ${path} got nowhere. ${err}`, { cause });
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }
}
