import { Injectable, NotFoundException } from '@nestjs/common';
import { DataSyncService, type Delta } from 'snorky';
import { DataSource, type FindManyOptions, type Repository } from 'typeorm';
import { Task } from './task.entity.js';
import { Turns } from './turns.js';

type Fields = Partial<Pick<Task, 'title' | 'completed'>>;
type NewFields = Fields & { requestId?: string };

/** For rows that are saved together: databases limit the size of a query. */
const CHUNK = { chunk: 500 };

/** Changes tasks, and publishes the changes to all subscribers. */
@Injectable()
export class TasksService {
  /** Deltas are published in the order in which they were committed. */
  private readonly turns = new Turns(1000);
  /** Whether readers do not see an open transaction. */
  private readonly isolated: boolean;
  /** Keeps other processes from changing rows between reading and writing. */
  private readonly forUpdate: FindManyOptions<Task>;

  constructor(
    private readonly database: DataSource,
    private readonly datasync: DataSyncService,
  ) {
    this.isolated = database.options.type === 'postgres';
    this.forUpdate = this.isolated
      ? { lock: { mode: 'pessimistic_write' } }
      : {};
  }

  findAll(): Promise<Task[]> {
    return this.read((tasks) => tasks.find({ order: { id: 'ASC' } }));
  }

  findOne(id: number): Promise<Task> {
    return this.read(
      async (tasks) => (await tasks.findOneBy({ id })) ?? unknownTask(id),
    );
  }

  /**
   * Creates a task once for each `requestId`: a page that got no answer may ask
   * again.
   */
  create({ requestId, ...fields }: NewFields): Promise<Task> {
    return this.change(async (tasks, deltas) => {
      if (requestId !== undefined) {
        const added = await tasks.findOneBy({ requestId });
        if (added !== null) return added;
      }
      const task = await tasks.save(
        tasks.create({ ...fields, requestId: requestId ?? null }),
      );
      const { version } = task;
      deltas.push({ type: 'insert', model: 'Task', data: task, version });
      return task;
    });
  }

  update(id: number, fields: Fields): Promise<Task> {
    return this.change(async (tasks, deltas) => {
      const found = await tasks.find({ where: { id }, ...this.forUpdate });
      const [task] = await save(tasks, found, fields, deltas);
      return task ?? unknownTask(id);
    });
  }

  updateAll(completed: boolean): Promise<Task[]> {
    return this.change(async (tasks, deltas) => {
      const found = await tasks.find({
        where: { completed: !completed },
        order: { id: 'ASC' },
        ...this.forUpdate,
      });
      return save(tasks, found, { completed }, deltas);
    });
  }

  delete(id: number): Promise<void> {
    return this.change(async (tasks, deltas) => {
      const found = await tasks.find({ where: { id }, ...this.forUpdate });
      if (found.length === 0) unknownTask(id);
      await remove(tasks, found, deltas);
    });
  }

  deleteCompleted(): Promise<void> {
    return this.change(async (tasks, deltas) => {
      const found = await tasks.find({
        where: { completed: true },
        order: { id: 'ASC' },
        ...this.forUpdate,
      });
      await remove(tasks, found, deltas);
    });
  }

  /**
   * The embedded database has only one connection: reading in the middle of a
   * transaction would show changes that may be rolled back.
   */
  private read<Result>(
    work: (tasks: Repository<Task>) => Promise<Result>,
  ): Promise<Result> {
    const tasks = this.database.getRepository(Task);
    return this.isolated ? work(tasks) : this.turns.take(() => work(tasks));
  }

  /**
   * Runs one transaction. Its deltas are published once it has been committed.
   */
  private change<Result>(
    work: (tasks: Repository<Task>, deltas: Delta<Task>[]) => Promise<Result>,
  ): Promise<Result> {
    return this.turns.take(async () => {
      const deltas: Delta<Task>[] = [];
      const result = await this.database.transaction((manager) =>
        work(manager.getRepository(Task), deltas),
      );
      if (deltas.length > 0) await this.datasync.publishDeltas(deltas);
      return result;
    });
  }
}

async function save(
  tasks: Repository<Task>,
  found: Task[],
  fields: Fields,
  deltas: Delta<Task>[],
): Promise<Task[]> {
  const before = found.map((task) => structuredClone(task));
  for (const task of found) tasks.merge(task, fields);
  const after = await tasks.save(found, CHUNK);
  for (const [index, newData] of after.entries()) {
    const oldData = before[index];
    // Nothing was written, because nothing was different.
    if (oldData === undefined || oldData.version === newData.version) continue;
    const { version } = newData;
    deltas.push({ type: 'update', model: 'Task', newData, oldData, version });
  }
  return after;
}

async function remove(
  tasks: Repository<Task>,
  found: Task[],
  deltas: Delta<Task>[],
): Promise<void> {
  for (const task of found) {
    // A copy: TypeORM removes the id from an entity that it deletes.
    const data = structuredClone(task);
    const version = data.version + 1;
    deltas.push({ type: 'delete', model: 'Task', data, version });
  }
  await tasks.remove(found, CHUNK);
}

function unknownTask(id: number): never {
  throw new NotFoundException(`There is no task ${id}`);
}
