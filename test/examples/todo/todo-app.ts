import type { Type } from '@nestjs/common';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import type { Task } from '../../../examples/todo/tasks/task.entity.js';
import { temporaryDirectory } from '../../package/build-package.js';
import { startApp } from '../../support/servers/app.js';
import { freePorts } from '../ports.js';
import { Follower } from './follower.js';

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;
}

/** The application of examples/todo in this process, with its tables empty. */
export class TodoApp implements AsyncDisposable {
  private constructor(
    readonly directory: string,
    readonly http: string,
    private readonly database: DataSource,
    private readonly stop: () => Promise<void>,
  ) {}

  /** Only once in a file of tests: it reads its environment when imported. */
  static async start(environment: NodeJS.ProcessEnv = {}): Promise<TodoApp> {
    const directory = await temporaryDirectory('todo');
    const [backend] = await freePorts();
    Object.assign(process.env, {
      BACKEND_PORT: String(backend),
      DATA_FILE: join(directory, 'data', 'todo.sqlite'),
      ...environment,
    });
    const { AppModule } =
      (await import('../../../examples/todo/app.module.js')) as {
        AppModule: Type;
      };
    const { app, http } = await startApp({ imports: [AppModule] });
    return new TodoApp(directory, http, app.get(DataSource), async () => {
      await app.close();
      await rm(directory, { recursive: true, force: true });
    });
  }

  async send(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const response = await fetch(this.http + path, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      body: text === '' ? undefined : JSON.parse(text),
      headers: response.headers,
    };
  }

  async tasks(): Promise<Task[]> {
    return (await this.send('GET', '/tasks')).body as Task[];
  }

  async add(title: string, completed = false): Promise<Task> {
    const { body } = await this.send('POST', '/tasks', { title, completed });
    return body as Task;
  }

  /** Deletes all tasks. */
  async clear(): Promise<void> {
    await this.send('PATCH', '/tasks', { completed: true });
    await this.send('DELETE', '/tasks?completed=true');
  }

  /** Does something while the change that is made next cannot begin. */
  async whileChanging<Result>(act: () => Promise<Result>): Promise<Result> {
    const { subscribers } = this.database;
    let goOn = (): void => {};
    const held = new Promise<void>((resolve) => (goOn = resolve));
    const begun = new Promise<void>((resolve) => {
      subscribers.push({
        beforeTransactionStart: () => {
          subscribers.pop();
          resolve();
          return held;
        },
      });
    });
    const changed = this.send('PATCH', '/tasks', { completed: false });
    try {
      await begun;
      return await act();
    } finally {
      goOn();
      await changed;
    }
  }

  /** Fetches the tasks and goes on to hear of their changes. */
  follow(): Promise<Follower> {
    return Follower.of(this.http);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
