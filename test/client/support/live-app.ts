import {
  Body,
  Controller,
  Delete,
  Get,
  Inject,
  Injectable,
  NotFoundException,
  Param,
  ParseIntPipe,
  Post,
  Put,
  type ModuleMetadata,
} from '@nestjs/common';
import {
  BroadcastDealer,
  DataSyncModule,
  DataSyncService,
  SimpleDealer,
  SnorkyModule,
  Subscribable,
  type Broker,
  type DataSyncOptions,
  type Delta,
  type JsonValue,
} from 'snorky';
import {
  startApp,
  type Platform,
  type RunningApp,
} from '../../support/servers/app.js';

export interface Task {
  readonly id: number;
  readonly title: string;
  readonly project?: number;
}

class AllTasks extends BroadcastDealer<Task> {
  readonly model = 'Task';
}

class TaskById extends SimpleDealer<Task> {
  readonly model = 'Task';
  getKeyForModel({ id }: Task): JsonValue {
    return id;
  }
}

/** A table, and what was asked of it. */
@Injectable()
export class Tasks {
  readonly rows = new Map<number, Task>();
  /** How often the list was fetched. */
  fetched = 0;
  /** Runs between the authorization and the reading of rows. */
  meanwhile: (() => void) | undefined;

  constructor(
    @Inject(DataSyncService) private readonly datasync: DataSyncService,
  ) {}

  list(): Task[] {
    this.fetched++;
    this.meanwhile?.();
    return [...this.rows.values()];
  }

  put(...tasks: readonly Task[]): void {
    this.publish(
      tasks.map((task): Delta<Task> => {
        const oldData = this.rows.get(task.id);
        this.rows.set(task.id, task);
        return oldData === undefined
          ? { type: 'insert', model: 'Task', data: task }
          : { type: 'update', model: 'Task', newData: task, oldData };
      }),
    );
  }

  remove(...ids: readonly number[]): void {
    this.publish(
      ids.flatMap((id): Delta<Task>[] => {
        const data = this.rows.get(id);
        this.rows.delete(id);
        return data === undefined
          ? []
          : [{ type: 'delete', model: 'Task', data }];
      }),
    );
  }

  private publish(deltas: readonly Delta<Task>[]): void {
    void this.datasync.publishDeltas(deltas);
  }
}

@Controller('tasks')
class TasksController {
  constructor(@Inject(Tasks) private readonly tasks: Tasks) {}

  @Get()
  @Subscribable(AllTasks)
  list(): Task[] {
    return this.tasks.list();
  }

  @Get('wrapped')
  @Subscribable(AllTasks)
  wrapped(): { tasks: Task[] } {
    return { tasks: this.tasks.list() };
  }

  @Get('bare')
  bare(): Task[] {
    return this.tasks.list();
  }

  @Get(':id')
  @Subscribable(TaskById, (request) => Number(request.params['id']))
  one(@Param('id', ParseIntPipe) id: number): Task {
    const task = this.tasks.rows.get(id);
    if (task === undefined) throw new NotFoundException();
    return task;
  }

  @Post()
  put(@Body() task: Task): void {
    this.tasks.put(task);
  }

  @Put(':id')
  rename(@Param('id', ParseIntPipe) id: number, @Body() task: Task): void {
    this.tasks.put({ ...task, id });
  }

  @Delete(':id')
  remove(@Param('id', ParseIntPipe) id: number): void {
    this.tasks.remove(id);
  }
}

/** An application with a table of tasks, over REST and DataSync. */
export interface LiveApp extends RunningApp {
  readonly tasks: Tasks;
}

/** @param more What the application has besides. */
export async function startLiveApp(
  options: DataSyncOptions = {},
  platform: Platform = 'express',
  broker?: Broker,
  more: Pick<ModuleMetadata, 'imports' | 'controllers'> = {},
): Promise<LiveApp> {
  const running = await startApp(
    {
      imports: [
        SnorkyModule.forRoot({
          registries: { frontend: { websocket: { path: '/ws' } } },
          ...(broker === undefined ? {} : { broker }),
        }),
        DataSyncModule.register({ dealers: [AllTasks, TaskById], ...options }),
        ...(more.imports ?? []),
      ],
      controllers: [TasksController, ...(more.controllers ?? [])],
      providers: [Tasks],
    },
    (app) => app.enableCors(),
    platform,
  );
  return { ...running, tasks: running.app.get(Tasks) };
}
