import { Controller, Get, Injectable, Post } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import {
  BroadcastDealer,
  DataSyncModule,
  DataSyncService,
  PubSubModule,
  RpcCommand,
  SnorkyModule,
  SnorkyService,
  Subscribable,
  type JsonObject,
  type JsonValue,
} from 'snorky';
import {
  startApp,
  type Platform,
  type RunningApp,
} from '../support/servers/app.js';
import { FailingBroker } from '../support/services/failing-broker.js';
import { RecordedLog } from '../support/servers/log.js';
import { TestSocket } from '../support/sockets/socket.js';

class AllTasks extends BroadcastDealer {
  readonly model = 'Task';
}

@Controller('tasks')
class Tasks {
  constructor(private readonly datasync: DataSyncService) {}

  @Get()
  @Subscribable(AllTasks)
  list(): unknown {
    return [{ id: 1 }];
  }

  @Post()
  async add(): Promise<unknown> {
    const data = { id: 2 };
    await this.datasync.publishDeltas([
      { type: 'insert', model: 'Task', data },
    ]);
    return data;
  }
}

@Injectable()
@SnorkyService('own')
class Own {
  constructor(private readonly datasync: DataSyncService) {}

  @RpcCommand()
  async add(): Promise<void> {
    const data = { id: 2 };
    await this.datasync.publishDeltas([
      { type: 'insert', model: 'Task', data },
    ]);
  }
}

class TestApp implements AsyncDisposable {
  private constructor(
    readonly running: RunningApp,
    readonly broker: FailingBroker,
    readonly log: RecordedLog,
  ) {}

  static async start(platform: Platform = 'express'): Promise<TestApp> {
    const broker = new FailingBroker();
    const log = new RecordedLog();
    const running = await startApp(
      {
        imports: [
          SnorkyModule.forRoot({
            broker,
            registries: {
              frontend: { websocket: { path: '/ws' } },
              backend: { http: { path: '/backend', key: 'swordfish' } },
            },
          }),
          PubSubModule.register(),
          DataSyncModule.register({
            dealers: [AllTasks],
            models: { Task: { key: 'id' } },
          }),
        ],
        controllers: [Tasks],
        providers: [Own],
      },
      (app) => app.useLogger(log),
      platform,
    );
    return new TestApp(running, broker, log);
  }

  connect(): Promise<TestSocket> {
    return TestSocket.connect(`${this.running.ws}/ws`);
  }

  /** Status and message of a backend's call. */
  async backend(
    service: string,
    command: string,
    params: JsonObject,
  ): Promise<{ status: number; body: JsonObject }> {
    const response = await fetch(`${this.running.http}/backend`, {
      method: 'POST',
      headers: { 'X-Backend-Key': 'swordfish' },
      body: JSON.stringify({ service, message: { command, params } }),
    });
    return {
      status: response.status,
      body: (await response.json()) as JsonObject,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.broker.failure = 'none';
    await this.running[Symbol.asyncDispose]();
  }
}

const FAILURES = [
  { failure: 'unavailable', later: false, message: 'Unavailable' },
  { failure: 'unavailable', later: true, message: 'Unavailable' },
  { failure: 'uncertain', later: false, message: 'Outcome unknown' },
  { failure: 'uncertain', later: true, message: 'Outcome unknown' },
] as const;

describe.each(FAILURES)(
  'A broker that is $failure (by a promise: $later)',
  ({ failure, later, message }) => {
    it('has calls answered with that, and one kind of line', async () => {
      await using app = await TestApp.start();
      const { broker, log } = app;
      await using socket = await app.connect();
      Object.assign(broker, { failure, later });
      const token = 'a'.repeat(32);
      const calls: readonly [string, string, JsonObject][] = [
        ['pubsub', 'publish', { channel: 'a', message: 1 }],
        ['datasync', 'acquireSubscription', { token }],
        ['datasync', 'acquireSubscription', { token, resume: true }],
        ['own', 'add', {}],
      ];
      for (const [service, command, params] of calls) {
        expect(await socket.call(service, command, params)).toMatchObject({
          type: 'error',
          message,
        });
      }
      const lines = log.lines.filter(({ level }) => level === 'error');
      expect(lines.length).toBeGreaterThan(0);
      for (const { text } of lines) expect(text).toContain('The broker failed');
      broker.failure = 'none';
      expect(
        await socket.call('pubsub', 'subscribe', { channel: 'a' }),
      ).toMatchObject({ type: 'response' });
    });

    it('has requests of backends answered with 503, and the same words', async () => {
      await using app = await TestApp.start();
      Object.assign(app.broker, { failure, later });
      const insert = { type: 'insert', model: 'Task', data: { id: 1 } };
      const calls: readonly [string, string, JsonObject][] = [
        ['pubsub_backend', 'publish', { channel: 'a', message: 1 }],
        ['datasync_backend', 'publishDeltas', { deltas: [insert] }],
        ['datasync_backend', 'authorizeSubscription', { items: [] }],
        ['datasync_backend', 'revoke', { identity: 1 }],
        ['datasync_backend', 'invalidate', { models: ['Task'] }],
      ];
      for (const [service, command, params] of calls) {
        const answer = await app.backend(service, command, params);
        expect([command, answer]).toEqual([
          command,
          {
            status: 503,
            body: {
              service,
              message: { type: 'error', callId: null, message },
            },
          },
        ]);
      }
    });

    it.each(['express', 'fastify'] as const)(
      'has routes answered with 503, on %s, and tells nothing of where it is',
      async (platform) => {
        await using app = await TestApp.start(platform);
        Object.assign(app.broker, { failure, later });
        const url = `${app.running.http}/tasks`;
        const headers = { 'X-Snorky': 'Subscribe' };
        const asked = await fetch(url, { headers });
        expect(asked.status).toBe(503);
        expect(await asked.json()).toEqual({
          statusCode: 503,
          message,
          error: 'Service Unavailable',
        });
        const added = await fetch(url, { method: 'POST' });
        expect(added.status).toBe(503);
        expect(await added.json()).toEqual({ statusCode: 503, message });
        expect((await fetch(url)).status).toBe(200);
      },
    );
  },
);

describe('What is done in parts', () => {
  const unavailable = { failure: 'unavailable', later: true } as const;
  const unknown = {
    status: 503,
    body: { message: { message: 'Outcome unknown' } },
  };

  it('is uncertain where the broker is gone after one: a revocation', async () => {
    await using app = await TestApp.start();
    Object.assign(app.broker, {
      ...unavailable,
      which: (name: string) => !name.startsWith('revoked:'),
    });
    expect(
      await app.backend('datasync_backend', 'revoke', { identity: 1 }),
    ).toMatchObject(unknown);
  });

  it('is uncertain where the broker is gone after one: a publication', async () => {
    await using app = await TestApp.start();
    const { broker } = app;
    let count = 0;
    Object.assign(broker, {
      ...unavailable,
      // The deltas are taken, what is to be fetched again is not.
      which: () => count++ > 0,
    });
    const deltas: JsonValue = [
      { type: 'insert', model: 'Task', data: { id: 1 } },
      { type: 'insert', model: 'Task', data: { name: 'without its key' } },
    ];
    expect(
      await app.backend('datasync_backend', 'publishDeltas', { deltas }),
    ).toMatchObject(unknown);
  });
});
