import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  Param,
  Post,
  UnauthorizedException,
  type INestApplication,
} from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import {
  BroadcastDealer,
  ConnectedClient,
  DataSyncModule,
  DataSyncService,
  RpcCommand,
  SnorkyModule,
  SnorkyService,
  SnorkyWsAdapter,
  Subscribable,
  type Client,
} from 'snorky';
import { connectClient } from 'snorky/testing';

interface Task {
  readonly id: number;
  readonly title: string;
}

class AllTasks extends BroadcastDealer<Task> {
  readonly model = 'Task';
}

@Controller('tasks')
class TasksController {
  static readonly asked: (string | undefined)[] = [];
  private rows: Task[] = [{ id: 1, title: 'Shop' }];

  constructor(private readonly datasync: DataSyncService) {}

  @Get()
  @Subscribable(AllTasks)
  list(@Headers('cookie') cookie?: string): Task[] {
    TasksController.asked.push(cookie);
    if (cookie === 'session=none') throw new UnauthorizedException();
    return this.rows;
  }

  @Post()
  async add(@Body() task: Task): Promise<void> {
    this.rows.push(task);
    await this.datasync.publishDeltas([
      { type: 'insert', model: 'Task', data: task },
    ]);
  }

  @Delete(':id')
  async remove(@Param('id') id: string): Promise<void> {
    const data = this.rows.find((row) => row.id === Number(id)) as Task;
    this.rows = this.rows.filter((row) => row !== data);
    await this.datasync.publishDeltas([
      { type: 'delete', model: 'Task', data },
    ]);
  }
}

@SnorkyService('door')
class Door {
  @RpcCommand()
  knock(): void {}

  @RpcCommand()
  shut(@ConnectedClient() client: Client): void {
    client.close(4200, 'Shut');
  }
}

const apps: INestApplication[] = [];

async function start(platform: string): Promise<INestApplication> {
  const module = await Test.createTestingModule({
    imports: [
      SnorkyModule.forRoot({
        registries: { frontend: { websocket: { path: '/ws' } } },
      }),
      DataSyncModule.register({ dealers: [AllTasks] }),
    ],
    controllers: [TasksController],
    providers: [Door],
  }).compile();
  const app =
    platform === 'Fastify'
      ? module.createNestApplication(new FastifyAdapter())
      : module.createNestApplication();
  app.useLogger(false);
  app.useWebSocketAdapter(new SnorkyWsAdapter(app));
  await app.init();
  apps.push(app);
  return app;
}

afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
  TasksController.asked.length = 0;
});

describe.each(['Express', 'Fastify'])(
  'A live list of a test (%s)',
  (platform) => {
    it('has the rows of a route, and follows their changes', async () => {
      const app = await start(platform);
      await using client = await connectClient(app, {
        headers: { cookie: 'session=ann' },
      });
      const list = client.live<Task>('/tasks', { model: 'Task' });
      expect([list.state, list.items]).toEqual(['loading', []]);
      await list.until(({ state }) => state === 'live');
      const titles: string[] = list.items.map(({ title }) => title);
      expect(titles).toEqual(['Shop']);
      const tasks = app.get(TasksController);
      await tasks.add({ id: 2, title: 'Cook' });
      await list.until(({ items }) => items.length === 2);
      await tasks.remove('1');
      await list.until(({ items }) => items.length === 1);
      expect(list.items).toEqual([{ id: 2, title: 'Cook' }]);
      expect(TasksController.asked).toEqual(['session=ann']);
      // The server has no port, and the client heard of nothing else.
      expect((app.getHttpServer() as { listening: boolean }).listening).toBe(
        false,
      );
      expect(client.unread).toEqual([]);
    });

    it('is stale when the server says that it is', async () => {
      const app = await start(platform);
      await using client = await connectClient(app);
      const list = client.live<Task>('/tasks', { model: 'Task' });
      await list.ready;
      await app.get(DataSyncService).invalidate(['Task']);
      await list.until(({ state }) => state === 'stale');
      // Until it has fetched again; what it shows, it keeps.
      expect(list.items.map(({ title }) => title)).toEqual(['Shop']);
    });

    it('says what it is when it is not as expected', async () => {
      const app = await start(platform);
      await using client = await connectClient(app);
      const list = client.live<Task>('/tasks', { model: 'Task' });
      await list.ready;
      await expect(
        list.until(({ items }) => items.length === 9, 5),
      ).rejects.toThrow(
        'The list of /tasks was not as expected within 5 ms: it is live, with [{"id":1,"title":"Shop"}].',
      );
      await expect(
        list.until(() => {
          throw new Error('Mistake');
        }),
      ).rejects.toThrow('Mistake');
      list.close();
      await expect(list.until(() => false)).rejects.toThrow(
        'will not be as expected: it is closed',
      );
    });

    it('has failed where the route refuses, and says so at once', async () => {
      const line = jest.spyOn(console, 'error').mockImplementation(() => {});
      const app = await start(platform);
      await using client = await connectClient(app, {
        headers: { cookie: 'session=none' },
      });
      const list = client.live<Task>('/tasks', { model: 'Task' });
      await expect(
        list.until(({ state }) => state === 'live', 3_600_000),
      ).rejects.toMatchObject({
        message: expect.stringContaining('it is failed, with []'),
        cause: expect.objectContaining({ code: 'SNORKY_FETCH_FAILED' }),
      });
      expect(line).toHaveBeenCalledTimes(1);
      line.mockRestore();
    });

    it('is told what pages are told, also after calls of the test', async () => {
      const app = await start(platform);
      await using client = await connectClient(app);
      await client.call('door', 'knock');
      const list = client.live<Task>('/tasks', { model: 'Task' });
      await list.ready;
      await app.get(DataSyncService).revoke({ dealer: 'AllTasks' });
      await list.until(({ state }) => state === 'stale');
      await list.until(({ state }) => state === 'live');
      expect(client.connected).toBe(true);
    });

    it('is closed when the connection has ended, and asks nothing more', async () => {
      const app = await start(platform);
      const client = await connectClient(app);
      const list = client.live<Task>('/tasks', { model: 'Task' });
      await list.ready;
      const states: string[] = [];
      list.changed.add(() => states.push(list.state));
      // A list that waits to fetch again would do so for ever.
      await app.get(DataSyncService).invalidate(['Task']);
      await list.until(({ state }) => state === 'stale');
      await client.call('door', 'shut').catch(() => {});
      await client.closed;
      expect(states).toEqual(['stale', 'closed']);
      expect(list.items).toHaveLength(1);
      expect(() => client.live('/tasks', { model: 'Task' })).toThrow(
        'The connection has been closed.',
      );
    });

    it('may be left while it connects', async () => {
      const app = await start(platform);
      const client = await connectClient(app);
      const list = client.live<Task>('/tasks', { model: 'Task' });
      client.disconnect();
      await client.closed;
      expect(list.state).toBe('closed');
    });

    it('leaves what a test calls itself to the test', async () => {
      const app = await start(platform);
      await using client = await connectClient(app);
      const list = client.live<Task>('/tasks', { model: 'Task' });
      await list.ready;
      await expect(
        client.call('datasync', 'cancelSubscription', { token: 'none' }),
      ).rejects.toThrow('No such subscription');
      await using other = await connectClient(app);
      const second = other.live<Task>('/tasks', { model: 'Task' });
      await second.ready;
      list.close();
      await app.get(TasksController).add({ id: 2, title: 'Cook' });
      await second.until(({ items }) => items.length === 2);
      expect(list.items).toHaveLength(1);
    });
  },
);
