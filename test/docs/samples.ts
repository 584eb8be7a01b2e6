import { expect } from '@jest/globals';
import type {
  DynamicModule,
  INestApplication,
  LoggerService,
  ModuleMetadata,
  Type,
} from '@nestjs/common';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  BackendHost,
  DataSyncModule,
  DataSyncService,
  getRegistryToken,
  MemoryBroker,
  PubSubModule,
  PubSubService,
  RpcCommand,
  SnorkyModule,
  SnorkyService,
  type Dealer,
  type JsonValue,
  type ServiceRegistry,
} from 'snorky';
import {
  comesBack,
  PubSub,
  Snorky,
  type ReconnectionOptions,
} from 'snorky/client';
import { callBackend, connectClient } from 'snorky/testing';
import { MemoryStore } from '../../src/broker/memory/memory-store.js';
import { inState } from '../client/support/client.js';
import { startApp, type RunningApp } from '../support/servers/app.js';
import { refusal, TestSocket } from '../support/sockets/socket.js';
import { WebSocket } from 'ws';

/** What a sample exports, by name. */
export type SampleModule = Readonly<Record<string, Type & object>>;

/** How a sample of the documents is compiled and run. */
export interface Sample {
  /** What the reader is not shown before the sample. */
  readonly before?: string;
  /** What the reader is not shown after it: mostly what it exports. */
  readonly after?: string;
  /** Where in src it would stand, for samples of this tree's own code. */
  readonly file?: string;
  /** Text that is replaced when the sample is run: fixed ports. */
  readonly replace?: Readonly<Record<string, string>>;
  /** Shows that the sample does what is written around it. */
  run?(sample: SampleModule): Promise<void>;
}

const SNORKY = `
import {
  BadRequestException, CanActivate, ExecutionContext, Inject, Injectable,
  Module, NotFoundException, ParseIntPipe, UnauthorizedException, UseGuards,
} from '@nestjs/common';
import { IsNumber } from 'class-validator';
import { z } from 'zod';
import {
  Client, ConnectedClient, CurrentRequest, InjectRegistry, InjectService,
  PubSubModule, PubSubService, RpcCommand, RpcError, RpcParam, RpcRequest,
  RpcService, Service, ServiceRegistry, SnorkyGateway, SnorkyModule,
  SnorkyService, SnorkyWsAdapter,
} from 'snorky';
import type { Identification, IdentifiesClient, JsonValue, UpgradeRequest } from 'snorky';
`.replace(
  'CanActivate, ExecutionContext, ',
  'type CanActivate, type ExecutionContext, ',
);

const DATASYNC = `${SNORKY}
import { Body, Controller, Get, Param, Put, Query } from '@nestjs/common';
import {
  BroadcastDealer, DataSyncModule, DataSyncService, Dealer, FilterDealer,
  SimpleDealer, Subscribable,
} from 'snorky';
`;

/** Serves services in both registries, with the modules given. */
export function serve(
  providers: ModuleMetadata['providers'],
  imports: ModuleMetadata['imports'] = [],
  controllers: ModuleMetadata['controllers'] = [],
): Promise<RunningApp> {
  return startApp({
    imports: [
      SnorkyModule.forRoot({
        registries: {
          frontend: { websocket: { path: '/ws' } },
          backend: { http: { path: '/backend', key: 'swordfish' } },
        },
      }),
      ...imports,
    ],
    providers: providers ?? [],
    controllers: controllers ?? [],
  });
}

/** A class that a sample exports. */
export function classOf(sample: SampleModule, name: string): Type {
  const found = sample[name];
  if (found === undefined) throw new Error(`The sample has no "${name}".`);
  return found;
}

/** Serves the one service of a sample and calls it. */
async function callOne(
  sample: SampleModule,
  name: string,
  act: (
    call: (
      command: string,
      params?: Record<string, JsonValue>,
    ) => Promise<JsonValue>,
    app: RunningApp,
  ) => Promise<void>,
): Promise<void> {
  const service = classOf(sample, name);
  await using app = await serve([service]);
  await using client = await connectClient(app.app);
  await act((command, params) => {
    return client.call(name.toLowerCase(), command, params);
  }, app);
}

const invalid = { value: 'Invalid params' };

/** The samples of all documents, by the names in the comments before them. */
export const SAMPLES: Readonly<Record<string, Sample>> = {
  // Run by samples.spec.ts, with the script and the curl line that follow it.
  todo: {
    before: `
import { Body, Controller, Get, Module, Post } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { IsString } from 'class-validator';
import { BroadcastDealer, DataSyncModule, DataSyncService, Subscribable } from 'snorky';
import { Column, Entity, EntityManager, PrimaryGeneratedColumn } from 'typeorm';

@Entity()
class Task {
  @PrimaryGeneratedColumn() id!: number;
  @Column() title!: string;
  @Column({ default: false }) completed!: boolean;
}
class CreateTask { @IsString() title!: string; }
`,
    after: `
@Module({
  imports: [
    TypeOrmModule.forRoot({ type: 'sqljs', entities: [Task], synchronize: true }),
    TasksModule,
  ],
})
export class AppModule {}
`,
  },
  first: {
    after: 'export { app };',
    replace: { '5801': '0', '3000': '0' },
  },
  named: {
    before: SNORKY,
    run: (sample) =>
      callOne(sample, 'Calculator', async (call) => {
        expect(await call('log', { number: Math.E })).toBe(1);
        await expect(call('log', { base: 2 })).rejects.toMatchObject(invalid);
        await expect(call('log', { number: '1' })).rejects.toMatchObject(
          invalid,
        );
        await expect(call('log', { number: 1, b: 2 })).rejects.toMatchObject(
          invalid,
        );
        await expect(call('toString')).rejects.toMatchObject({
          value: 'Unknown command',
        });
      }),
  },
  'param-options': {
    before: SNORKY,
    run: (sample) =>
      callOne(sample, 'Library', async (call) => {
        const words = ['red', 'fish'];
        expect(await call('find', { words, shelf: '7' })).toBe(
          'red fish on shelf 7 by anybody',
        );
        expect(await call('find', { words, shelf: '7', author: 'me' })).toBe(
          'red fish on shelf 7 by me',
        );
        await expect(
          call('find', { words: [], shelf: '7' }),
        ).rejects.toMatchObject(invalid);
        await expect(call('find', { words, shelf: 'x' })).rejects.toMatchObject(
          invalid,
        );
      }),
  },
  dto: {
    before: `${SNORKY}\nconst console = { log(_line: string): void {} };`,
    run: (sample) =>
      callOne(sample, 'Calculator', async (call) => {
        expect(await call('sum', { number1: 2, number2: 3 })).toBe(5);
        await expect(call('sum', { number1: 2 })).rejects.toMatchObject(
          invalid,
        );
        await expect(
          call('sum', { number1: 2, number2: 3, number3: 4 }),
        ).rejects.toMatchObject(invalid);
      }),
  },
  schema: {
    before: SNORKY,
    run: (sample) =>
      callOne(sample, 'Shop', async (call) => {
        expect(await call('order', { item: 'tea' })).toBe('1 x tea');
        await expect(
          call('order', { item: 'tea', count: -1 }),
        ).rejects.toMatchObject(invalid);
      }),
  },
  later: {
    before: SNORKY,
    run: (sample) =>
      callOne(sample, 'Jobs', async (call) => {
        const waiting = call('wait', { job: 'a' });
        expect(await call('finish', { job: 'a' })).toBeNull();
        expect(await waiting).toBe('done');
      }),
  },
  'command-guard': {
    before: SNORKY,
    run: async (sample) => {
      await using app = await serve([classOf(sample, 'Account')]);
      await using stranger = await connectClient(app.app);
      await expect(stranger.call('account', 'name')).rejects.toMatchObject({
        value: 'Forbidden resource',
      });
      await using known = await connectClient(app.app, { identity: 'ada' });
      expect(await known.call('account', 'name')).toBe('ada');
    },
  },
  gateway: {
    before: `${SNORKY}
@Injectable()
export class Sessions {
  find(id: string | undefined): { id: string; expires: number } | undefined {
    return id === 's1' ? { id: 'ada', expires: Date.now() + 60_000 } : undefined;
  }
}`,
    run: async (sample) => {
      await using app = await serve([
        classOf(sample, 'Sessions'),
        classOf(sample, 'FrontendGateway'),
      ]);
      const refused = connectClient(app.app);
      await expect(refused).rejects.toMatchObject({
        status: 401,
        message: 'Log in first',
      });
      expect(await refusal(`${app.ws}/ws`)).toMatchObject({
        status: 401,
        message: 'Log in first',
      });
      await using client = await connectClient(app.app, {
        headers: { cookie: 'session=s1' },
      });
      expect(client.identity).toBe('ada');
      // Same origin, as soon as there is a gateway.
      const headers = {
        cookie: 'session=s1',
        origin: 'https://elsewhere.example',
      };
      expect(await refusal(`${app.ws}/ws`, { headers })).toMatchObject({
        status: 403,
      });
    },
  },
  user: {},
  jwt: {
    before: `${SNORKY}
import { Controller, Post, Req } from '@nestjs/common';
import { JwtModule, JwtService } from '@nestjs/jwt';`,
    after: `export { JwtService };`,
    run: async (sample) => {
      await using app = await serve([], [classOf(sample, 'AuthModule')]);
      const jwt = app.app.get<{
        sign(claims: object, options: object): string;
      }>(classOf(sample, 'JwtService'), { strict: false });
      const access = (expiresIn: number, audience = 'routes'): string =>
        jwt.sign({}, { subject: 'ada', audience, expiresIn });
      const ticketFor = async (token: string): Promise<Response> =>
        fetch(`${app.http}/ticket`, {
          method: 'POST',
          headers: { Authorization: `Bearer ${token}` },
        });
      const issued = async (token: string): Promise<string> => {
        const body: unknown = await (await ticketFor(token)).json();
        return (body as { ticket: string }).ticket;
      };
      const ticket = await issued(access(60));
      // Each is good for its own door, while it lasts.
      expect(await ticketFor(ticket)).toMatchObject({ status: 401 });
      expect(await ticketFor(access(-1))).toMatchObject({ status: 401 });
      for (const other of [
        '',
        access(60),
        access(-1, 'socket'),
        `${ticket}x`,
      ]) {
        const url = `${app.ws}/ws?ticket=${other}`;
        expect(await refusal(url)).toMatchObject({ status: 401 });
      }
      await using client = await connectClient(app.app, {
        url: `/ws?ticket=${ticket}`,
      });
      expect(client.identity).toBe('ada');
      // The connection ends with the access token, and is renewed.
      let asked = 0;
      const closes: number[] = [];
      const snorky = new Snorky(
        WebSocket,
        async () => {
          const token = access(asked++ === 0 ? 1 : 60);
          return `${app.ws}/ws?ticket=${await issued(token)}`;
        },
        { pubsub: PubSub },
        { reconnect: { renew: true, minDelay: 1, maxDelay: 1 } },
      );
      try {
        await new Promise<void>((resolve) => {
          snorky.stateChanged.add((state, close) => {
            if (close !== undefined) closes.push(close.code);
            if (state === 'connected' && asked > 1) resolve();
          });
        });
      } finally {
        snorky.disconnect();
      }
      expect(closes[0]).toBe(4100);
    },
  },
  'jwt-log-out': {
    before: SNORKY,
    run: async (sample) => {
      const sessions = classOf(sample, 'Sessions') as Type<{
        end(userId: string): Promise<void>;
      }>;
      await using app = await serve([sessions]);
      await using client = await connectClient(app.app, { identity: 'ada' });
      await app.app.get(sessions).end('ada');
      expect(await client.closed).toEqual({ code: 4200, reason: 'Logged out' });
    },
  },
  'subprotocol-guard': {
    before: `${SNORKY}
@Injectable()
export class Tickets {
  userOf(token: string | undefined): { id: string; expires: number } | undefined {
    return token === 'a.b_c-d' ? { id: 'ada', expires: 0 } : undefined;
  }
}`,
    after: `
@SnorkyGateway('frontend')
@UseGuards(TicketGuard)
export class TicketGateway implements IdentifiesClient {
  identify({ user }: UpgradeRequest): Identification {
    return user.id;
  }
}`,
    run: async (sample) => {
      await using app = await serve([
        classOf(sample, 'Tickets'),
        classOf(sample, 'TicketGateway'),
      ]);
      await using client = await connectClient(app.app, {
        subprotocols: ['snorky', 'bearer.a.b_c-d'],
      });
      expect(client.identity).toBe('ada');
      for (const subprotocols of [['snorky'], ['bearer.other'], ['bearer.']]) {
        await expect(
          connectClient(app.app, { subprotocols }),
        ).rejects.toMatchObject({ status: 401 });
      }
    },
  },
  subprotocol: {
    before: `${SNORKY}\nexport const root =`,
    run: async ({ root }) => {
      await using app = await startApp({ imports: [root as Type] });
      await using client = await connectClient(app.app, {
        subprotocols: ['bearer.secret', 'snorky'],
      });
      expect(client.handshake.subprotocol).toBe('snorky');
    },
  },
  origins: {
    before: `${SNORKY}\nexport const root =`,
    run: async ({ root }) => {
      await using app = await startApp({ imports: [root as Type] });
      expect(
        await refusal(`${app.ws}/ws`, {
          headers: { origin: 'https://evil.example' },
        }),
      ).toMatchObject({ status: 403 });
      await using socket = await TestSocket.connect(`${app.ws}/ws`, {
        headers: { origin: 'https://admin.example.com' },
      });
      expect(socket.unread).toEqual([]);
    },
  },
  form: {
    before: `${SNORKY}
import { Type } from 'class-transformer';
import { IsEmail, MinLength, ValidateNested } from 'class-validator';
`,
    run: (sample) =>
      callOne(sample, 'Shop', async (call) => {
        const email = 'ann@example.com';
        expect(await call('order', { email, address: { street: 'Elm' } })).toBe(
          `Confirmed to ${email}`,
        );
      }),
  },
  log: {
    before: `${SNORKY}\nexport const root =`,
    run: async ({ root }) => {
      @SnorkyService('clinic')
      class Clinic {
        @RpcCommand({ unchecked: true })
        admit(_params: unknown): never {
          throw new Error('No bed is free');
        }
      }
      const lines: string[] = [];
      const logger = {
        log: (): void => {},
        ...Object.fromEntries(
          ['warn', 'error', 'debug'].map((level) => [
            level,
            (line: unknown) => lines.push(`${level} ${String(line)}`),
          ]),
        ),
      };
      await using app = await startApp(
        { imports: [root as Type], providers: [Clinic] },
        (made) => made.useLogger(logger as unknown as LoggerService),
      );
      await using client = await connectClient(app.app);
      await expect(
        client.call('clinic', 'admit', { diagnosis: 'a cold', name: 'Ann' }),
      ).rejects.toThrow('Internal error');
      expect(lines).toEqual([
        'error Command failed: clinic.admit',
        'debug Failed: clinic.admit({"diagnosis": [redacted], "name": "Ann"})',
      ]);
    },
  },
  policy: {
    before: SNORKY,
    run: async (sample) => {
      const service = classOf(sample, 'TeamPubSub') as Type<PubSubService>;
      await using app = await serve([], [PubSubModule.register({ service })]);
      await using ada = await connectClient(app.app, { identity: 'ada' });
      await using editor = await connectClient(app.app, { identity: 'editor' });
      const denied = { value: 'Not authorized' };
      await ada.call('pubsub', 'subscribe', { channel: 'ada' });
      await expect(
        ada.call('pubsub', 'subscribe', { channel: 'bob' }),
      ).rejects.toMatchObject(denied);
      const publication = { channel: 'ada', message: 1 };
      await expect(
        ada.call('pubsub', 'publish', publication),
      ).rejects.toMatchObject(denied);
      await editor.call('pubsub', 'publish', publication);
      expect(await ada.next()).toMatchObject({
        message: { ...publication, type: 'message' },
      });
    },
  },
  broadcast: {
    before: SNORKY,
    run: async (sample) => {
      const newsroom = classOf(sample, 'Newsroom') as Type<{
        announce(headline: string): Promise<void>;
      }>;
      await using app = await serve([newsroom], [PubSubModule.register()]);
      await using client = await connectClient(app.app);
      await client.call('pubsub', 'subscribe', { channel: 'news' });
      await app.app.get(newsroom).announce('Rain');
      expect(await client.next()).toMatchObject({
        message: { message: { headline: 'Rain' } },
      });
    },
  },
  dealers: {
    before: DATASYNC,
    run: async (sample) => {
      await using app = await serve([], [classOf(sample, 'LiveModule')]);
      const datasync = app.app.get(DataSyncService, { strict: false });
      const task = { id: 1, project: 7, title: 'Tea', due: '2026-12-24' };
      const other = { ...task, id: 2, project: 9, due: '2028-01-01' };
      const filter = ['and', ['==', 'project', 7], ['<', 'due', '2027']];
      for (const [dealer, query, heard] of [
        ['AllTasks', null, [task, other]],
        ['TasksByProject', 7, [task]],
        ['FilteredTasks', filter, [task]],
        ['FilteredTasks', filter[1] as JsonValue, [task]],
        ['FilteredTasks', filter[2] as JsonValue, [task]],
        ['FilteredTasks', ['in', 'project', [7, 8]], [task]],
        [
          'FilteredTasks',
          ['or', ['==', 'id', 1], ['==', 'id', 2]],
          [task, other],
        ],
        ['FilteredTasks', ['not', ['==', 'project', 7]], [other]],
        ['FilteredTasks', ['==', 'author.name', 'Ada'], []],
        ['TasksDueBefore', '2027', [task]],
      ] as const) {
        await using client = await connectClient(app.app);
        const items = [{ dealer, query: query as JsonValue }];
        const token = await datasync.authorizeSubscription(items);
        await datasync.publishDeltas(
          [task, other].map((data) => ({
            type: 'insert',
            model: 'Task',
            data,
          })),
        );
        await client.call('datasync', 'acquireSubscription', { token });
        expect(client.unread.map(({ message }) => message)).toEqual(
          heard.map((data) => ({
            type: 'delta',
            delta: { type: 'insert', model: 'Task', data },
          })),
        );
      }
      expect(() =>
        datasync.authorizeSubscription([
          { dealer: 'TasksDueBefore', query: 1 },
        ]),
      ).toThrow('A date is a string');
    },
  },
  // Run by samples.spec.ts, with the script and the lines that follow it.
  live: {
    before: `${DATASYNC}
interface Task { readonly id: number; readonly project: number; readonly title: string; readonly due: string; }
export class TasksByProject extends SimpleDealer<Task> {
  readonly model = 'Task';
  getKeyForModel(task: Task): JsonValue { return task.project; }
}
@Injectable()
export class TaskTable {
  private readonly rows = new Map<number, Task>([
    [1, { id: 1, project: 7, title: 'Tea', due: '2026-12-24' }],
  ]);
  ofProject(project: number): Promise<Task[]> {
    return Promise.resolve([...this.rows.values()].filter((row) => row.project === project));
  }
  rename(id: number, title: string): Promise<{ oldData: Task; newData: Task }> {
    const oldData = this.rows.get(id) as Task;
    const newData = { ...oldData, title };
    this.rows.set(id, newData);
    return Promise.resolve({ oldData, newData });
  }
}
`,
  },
  models: {
    before: `import { Exclude } from 'class-transformer';${DATASYNC}`,
    run: async (sample) => {
      await using app = await serve([], [classOf(sample, 'LiveModule')]);
      const datasync = app.app.get(DataSyncService, { strict: false });
      await using client = await connectClient(app.app);
      await client.call('snorky', 'hello', { features: ['refetch'] });
      const items = [{ dealer: 'AllUsers', query: null }];
      const token = await datasync.authorizeSubscription(items);
      await client.call('datasync', 'acquireSubscription', { token });
      const user = { id: 1, name: 'Ada', team: 'a', passwordHash: 'secret' };
      const { id: _, ...removed } = user;
      await datasync.publishDeltas([
        { type: 'insert', model: 'User', data: user },
        { type: 'delete', model: 'User', data: removed },
      ]);
      const { passwordHash: __, ...seen } = user;
      expect(await client.next()).toMatchObject({
        message: { delta: { type: 'insert', model: 'User', data: seen } },
      });
      expect(await client.next()).toMatchObject({
        message: { type: 'refetch', subscriptions: [token] },
      });
    },
  },
  subscribable: {
    before: `${DATASYNC}
interface Project { readonly id: number; readonly archived: boolean; }
export class AllProjects extends BroadcastDealer<Project> { readonly model = 'Project'; }
export class FilteredProjects extends FilterDealer<Project> { readonly model = 'Project'; }
export class ProjectById extends SimpleDealer<Project> {
  readonly model = 'Project';
  getKeyForModel({ id }: Project): JsonValue { return id; }
}
export class TasksByProject extends SimpleDealer<{ readonly project: number }> {
  readonly model = 'Task';
  getKeyForModel({ project }: { readonly project: number }): JsonValue { return project; }
}
@Injectable()
export class ProjectTable {
  all(): Promise<Project[]> { return Promise.resolve([{ id: 7, archived: true }]); }
  archived(): Promise<Project[]> { return this.all(); }
  async withTasks(id: number): Promise<Project> {
    const [project] = (await this.all()).filter((one) => one.id === id);
    if (project === undefined) throw new NotFoundException();
    return project;
  }
}
`,
    run: async (sample) => {
      const dealers = [
        'AllProjects',
        'FilteredProjects',
        'ProjectById',
        'TasksByProject',
      ].map((name) => classOf(sample, name) as Type<Dealer<never>>);
      await using app = await serve(
        [classOf(sample, 'ProjectTable')],
        [DataSyncModule.register({ dealers })],
        [classOf(sample, 'ProjectsController')],
      );
      const datasync = app.app.get(DataSyncService, { strict: false });
      const ask = (path: string): Promise<Response> =>
        fetch(`${app.http}/projects${path}`, {
          headers: { 'X-Snorky': 'subscribe' },
        });
      const deltas = [
        { model: 'Project', data: { id: 7, archived: false } },
        { model: 'Project', data: { id: 8, archived: true } },
        { model: 'Task', data: { project: 7 } },
        { model: 'Task', data: { project: 8 } },
      ].map((row) => ({ type: 'insert' as const, ...row }));
      for (const [path, heard] of [
        ['', [0, 1]],
        ['/archived', [1]],
        ['/7', [0, 2]],
      ] as const) {
        const response = await ask(path);
        expect(response.headers.get('cache-control')).toBe('no-store');
        expect(response.headers.get('vary')).toContain('X-Snorky');
        const token = response.headers.get('x-subscription-token');
        expect(response.headers.get('x-subscription')).toBe(token);
        await using client = await connectClient(app.app);
        await client.call('datasync', 'acquireSubscription', { token });
        await datasync.publishDeltas(deltas);
        expect(client.unread.map(({ message }) => message)).toEqual(
          heard.map((n) => ({ type: 'delta', delta: deltas[n] })),
        );
      }
      for (const [path, status] of [
        ['/9', 404],
        ['/seven', 400],
      ] as const) {
        const response = await ask(path);
        expect(response.status).toBe(status);
        expect(response.headers.get('x-subscription-token')).toBeNull();
      }
      const plain = await fetch(`${app.http}/projects`);
      expect(plain.headers.get('x-subscription-token')).toBeNull();
      expect(plain.headers.get('vary')).toContain('X-Snorky');
    },
  },
  'subscribable-part': {
    before: `${DATASYNC}
interface Project { readonly id: number; readonly createdAt: string; }
export class AllProjects extends BroadcastDealer<Project> { readonly model = 'Project'; }
@Injectable()
export class ProjectTable {
  newest(_limit: number): Promise<Project[]> { return Promise.resolve([]); }
}
`,
    run: async (sample) => {
      const dealer = classOf(sample, 'AllProjects') as Type<Dealer<never>>;
      await using app = await serve(
        [classOf(sample, 'ProjectTable')],
        [DataSyncModule.register({ dealers: [dealer] })],
        [classOf(sample, 'NewestController')],
      );
      const headers = { 'X-Snorky': 'Subscribe' };
      const response = await fetch(`${app.http}/newest`, { headers });
      expect(response.headers.get('x-subscription-partial')).toBe(
        'ordered-by=createdAt,id',
      );
    },
  },
  several: {
    before: `${DATASYNC}
interface Metric { readonly name: string; readonly value: number; }
class AllTasks extends BroadcastDealer { readonly model = 'Task'; }
class AllMetrics extends BroadcastDealer<Metric> { readonly model = 'Metric'; }
`,
    run: async (sample) => {
      const meter = classOf(sample, 'Meter') as Type<{
        tell(metric: object): Promise<void>;
      }>;
      await using app = await serve([meter], [classOf(sample, 'LiveModule')]);
      await using client = await connectClient(app.app);
      const items = [{ dealer: 'AllMetrics', query: null }];
      const token = await callBackend(
        app.app,
        'metrics_backend',
        'authorizeSubscription',
        { items },
      );
      await expect(
        client.call('datasync', 'acquireSubscription', { token }),
      ).rejects.toMatchObject({ value: 'No such subscription' });
      await client.call('metrics', 'acquireSubscription', { token });
      await app.app.get(meter).tell({ name: 'load', value: 1 });
      expect(await client.next()).toMatchObject({
        service: 'metrics',
        message: { delta: { model: 'Metric', data: { name: 'load' } } },
      });
    },
  },
  'log-out': {
    before: SNORKY,
    run: async (sample) => {
      const account = classOf(sample, 'Account') as Type<{
        logOut(name: string): Promise<void>;
      }>;
      await using app = await serve([account]);
      const registry = app.app.get<ServiceRegistry>(
        getRegistryToken('frontend'),
      );
      const page = (reconnect: ReconnectionOptions): Snorky =>
        new Snorky(WebSocket, `${app.ws}/ws`, {}, { reconnect });
      const told = page({
        comesBack: (close) => close.code !== 4200 && comesBack(close),
      });
      const other = page({ minDelay: 1 });
      try {
        await Promise.all(
          [told, other].map((one) => inState(one, 'connected')),
        );
        for (const client of registry.clients()) client.identity = 'ada';
        const closed = new Promise((resolve) => {
          told.stateChanged.add((state, close) => resolve([state, close]));
        });
        const away = inState(other, 'waiting');
        await app.app.get(account).logOut('ada');
        const logOut = { code: 4200, reason: 'Logged out' };
        expect(await closed).toEqual(['stopped', logOut]);
        await away;
        await inState(other, 'connected');
        expect([...registry.clients()].map(({ identity }) => identity)).toEqual(
          [null],
        );
        expect(told.state).toBe('stopped');
      } finally {
        told.disconnect();
        other.disconnect();
      }
    },
  },
  feature: {
    before: `${SNORKY}
class Room extends RpcService {
  @RpcCommand() where(): string { return this.registry.name + '/' + this.name; }
}`,
    run: async (sample) => {
      const porter = classOf(sample, 'Porter') as Type<
        Record<string, PubSubService>
      >;
      await using app = await serve([], [classOf(sample, 'RoomsModule')]);
      const { lobby, office } = app.app.get(porter, { strict: false });
      expect(lobby?.name).toBe('lobby');
      expect(office?.registry.name).toBe('frontend');
      expect(await callBackend(app.app, 'office', 'where')).toBe(
        'backend/office',
      );
      await using client = await connectClient(app.app);
      expect(await client.call('lobby', 'where')).toBe('frontend/lobby');
    },
  },
  'backend-call': { after: 'export {};' },
  'backend-service': {
    before: SNORKY,
    run: async (sample) => {
      await using app = await serve([classOf(sample, 'Admin')]);
      await using client = await connectClient(app.app);
      expect(client.connected).toBe(true);
      expect(await callBackend(app.app, 'admin', 'connections')).toBe(1);
      await expect(client.call('admin', 'connections', {}, 50)).rejects.toThrow(
        'has no service "admin"',
      );
    },
  },
  // Run by samples.spec.ts, each with the sample for pages that follows it.
  adder: {
    before: `${SNORKY}
import type { Commands } from 'snorky';
interface AdderApi { sum(params: { a: number; b: number }): number; }
`,
  },
  commands: {
    before: `${SNORKY}
import type { Commands } from 'snorky';
interface CalculatorApi {
  sum(params: { number1: number; number2: number }): number;
  history(): { at: Date; sum: number }[];
}
`,
  },
  // Takes the built package: test/examples runs it, in the to-do list.
  'serve-file': {
    before: `
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
class AppModule {}
const app = await NestFactory.create<NestExpressApplication>(AppModule);
`,
  },
  'serve-file-route': {
    before: `
import { Controller, Get, StreamableFile } from '@nestjs/common';
import { createReadStream } from 'node:fs';
import { fileURLToPath } from 'node:url';
`,
    // The package need not be built: the sample sends itself.
    replace: {
      "import.meta.resolve('snorky/browser/snorky.js')": 'import.meta.url',
    },
    run: async (sample) => {
      const controllers = [classOf(sample, 'BrowserFile')];
      await using app = await startApp({ controllers }, undefined, 'fastify');
      const response = await fetch(`${app.http}/snorky.js`);
      expect(response.headers.get('content-type')).toBe(
        'text/javascript; charset=utf-8',
      );
      expect(await response.text()).toContain('class BrowserFile');
    },
  },
  'node-client': {
    run: async (sample) => {
      const { snorky } = sample as unknown as { snorky: Snorky };
      expect(snorky.state).toBe('connecting');
      snorky.disconnect();
      await using app = await serve([], [PubSubModule.register()]);
      const { address, services } = snorky;
      expect(Object.keys(services)).toEqual(['pubsub']);
      const again = new Snorky(
        snorky.socketClass,
        String(address).replace('localhost:3000', `127.0.0.1:${app.port}`),
        { pubsub: PubSub },
      );
      await again.services.pubsub.subscribe({ channel: 1 });
      again.disconnect();
    },
  },
  async: {
    before: `${SNORKY}
@Injectable()
class Settings { readonly maxConnections = 1; readonly backendKeys = ['new', 'old']; }
@Module({ providers: [Settings], exports: [Settings] })
class SettingsModule {}
export const root =`,
    run: async ({ root }) => {
      await using app = await startApp({
        imports: [root as Type, PubSubModule.register()],
      });
      await using first = await TestSocket.connect(`${app.ws}/ws`);
      expect(first.unread).toEqual([]);
      expect(await refusal(`${app.ws}/ws`)).toMatchObject({ status: 503 });
      for (const [key, status] of [
        ['new', 404],
        ['old', 404],
        ['stolen', 401],
      ] as const) {
        const response = await fetch(`${app.http}/backend`, {
          method: 'POST',
          headers: { 'X-Backend-Key': key },
          body: '{"service": "nobody", "message": 1}',
        });
        expect(response.status).toBe(status);
      }
    },
  },
  readiness: {
    before: `
import { Controller, Get, ServiceUnavailableException } from '@nestjs/common';
import { InjectBroker, type Broker } from 'snorky';
`,
    run: async (sample) => {
      const store = new MemoryStore();
      await using app = await startApp({
        imports: [
          SnorkyModule.forRoot({
            broker: new MemoryBroker({ store, node: 'a' }),
            registries: {},
          }),
        ],
        controllers: [classOf(sample, 'Readiness')],
      });
      const ready = (): Promise<Response> => fetch(`${app.http}/ready`);
      expect((await ready()).status).toBe(200);
      store.cutOff('a');
      const refused = await ready();
      expect([refused.status, await refused.json()]).toMatchObject([
        503,
        { message: 'unavailable' },
      ]);
    },
  },
  raw: {
    before: SNORKY,
    run: async (sample) => {
      await using app = await serve([classOf(sample, 'Echo')]);
      await using client = await connectClient(app.app);
      client.emit('echo', [1, { two: null }]);
      expect(await client.next()).toEqual({
        service: 'echo',
        message: [1, { two: null }],
      });
    },
  },
  hooks: {
    before: SNORKY,
    run: async (sample) => {
      await using app = await serve([classOf(sample, 'Visitors')]);
      await using first = await connectClient(app.app);
      const second = await connectClient(app.app);
      second.disconnect();
      const counts = [
        await first.next(),
        await first.next(),
        await first.next(),
      ];
      expect(
        counts.map(({ message }) => (message as { count: number }).count),
      ).toEqual([1, 2, 1]);
    },
  },
  counters: {
    before: `
import type { ServiceRegistry } from 'snorky';

/** As that of prom-client. */
class Gauge {
  readonly values: [object, number][] = [];
  constructor(readonly options: { name: string; help: string; labelNames: string[]; collect(): void }) {}
  reset(): void { this.values.length = 0; }
  set(labels: object, value: number): void { this.values.push([labels, value]); }
}
export class Metrics {
  make(registry: ServiceRegistry): Gauge {`,
    after: `
    return gauge;
  }
}`,
    run: async (sample) => {
      await using app = await serve([]);
      const registry = app.app.get<ServiceRegistry>(
        getRegistryToken('frontend'),
      );
      await using _client = await connectClient(app.app);
      const metrics = new (classOf(sample, 'Metrics'))() as {
        make(of: ServiceRegistry): {
          options: { collect(): void };
          values: unknown[];
        };
      };
      const gauge = metrics.make(registry);
      for (let times = 0; times < 2; times++) gauge.options.collect();
      expect(gauge.values).toContainEqual([
        { counter: 'connections', registry: 'frontend' },
        1,
      ]);
      expect(gauge.values).toHaveLength(registry.counters.readings().length);
    },
  },
  observe: {
    before: `
import type { ServiceRegistry } from 'snorky';

export class Watching {
  watch(
    registry: ServiceRegistry,
    histogram: { observe(labels: object, seconds: number): void },
    console: { log(...of: unknown[]): void },
  ): () => void {`,
    after: `
    return stop;
  }
}`,
    run: async (sample) => {
      const seen: unknown[] = [];
      const histogram = { observe: (labels: object) => seen.push(labels) };
      const console = { log: (_at: Date, type: string) => seen.push(type) };
      await using app = await serve([], [PubSubModule.register()]);
      const registry = app.app.get<ServiceRegistry>(
        getRegistryToken('frontend'),
      );
      const watching = new (classOf(sample, 'Watching'))() as {
        watch(...of: unknown[]): () => void;
      };
      const stop = watching.watch(registry, histogram, console);
      {
        await using client = await connectClient(app.app);
        await client.call('pubsub', 'subscribe', { channel: 'news' });
        stop();
      }
      expect(seen).toEqual([
        'connected',
        'occupied',
        { service: 'pubsub', command: 'subscribe', outcome: 'answered' },
      ]);
    },
  },
  events: {
    before: `
import { Module } from '@nestjs/common';
import { SnorkyModule } from 'snorky';

const process = { env: { EVENTS_SECRET: 'a secret of its own' } };
export const root =`,
    after: `
@Module({ imports: [root] })
export class AppModule {}`,
    run: async (sample) => {
      await using app = await startApp({
        imports: [classOf(sample, 'AppModule')],
      });
      await using client = await connectClient(app.app);
      expect(client).toBeDefined();
    },
  },
  webhook: {
    before: `
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { verifyWebhook, type RegistryEvent } from 'snorky';

export class Receiver {
  make(secret: string, handle: (event: RegistryEvent) => void): Server {
    // oxlint-disable-next-line typescript/no-misused-promises`,
    after: `
    return server;
  }
}`,
    run: async (sample) => {
      const secret = 'a secret of its own';
      const seen: unknown[] = [];
      const receiver = new (classOf(sample, 'Receiver'))() as {
        make(of: string, handle: (event: object) => void): Server;
      };
      const server = receiver.make(secret, (event) => seen.push(event));
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const url = `http://127.0.0.1:${port}/`;
      const forged = await fetch(url, { method: 'POST', body: '{}' });
      expect(forged.status).toBe(401);
      const app = await startApp({
        imports: [
          SnorkyModule.forRoot({
            registries: {
              frontend: {
                websocket: { path: '/ws' },
                events: { webhook: { url, secret } },
              },
            },
          }),
        ],
      });
      await (await connectClient(app.app))[Symbol.asyncDispose]();
      await app.app.close();
      server.close();
      server.closeAllConnections();
      expect(seen).toMatchObject([
        { type: 'connected' },
        { type: 'disconnected' },
      ]);
    },
  },
  testing: {
    before: `
import { expect } from '@jest/globals';
import { Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { PubSubModule, PubSubService, RpcCommand, RpcParam, SnorkyModule, SnorkyService } from 'snorky';
import { callBackend, connectClient } from 'snorky/testing';

@SnorkyService('calculator')
class Calculator {
  @RpcCommand()
  sum(@RpcParam('a') a: number, @RpcParam('b') b: number): number { return a + b; }
}
interface CalculatorApi {
  sum(params: { a: number; b: number }): number;
}
@Module({
  imports: [
    SnorkyModule.forRoot({
      registries: {
        frontend: { websocket: { path: '/ws' } },
        backend: { http: { path: '/backend', key: 'swordfish' } },
      },
    }),
    PubSubModule.register({ service: PubSubService }),
  ],
  providers: [Calculator],
})
class AppModule {}
export {};`,
    run: () => Promise.resolve(),
  },
  'testing-live': {
    before: `
import { expect } from '@jest/globals';
import { Controller, Get, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  BroadcastDealer, DataSyncModule, DataSyncService, SnorkyModule, SnorkyWsAdapter, Subscribable,
} from 'snorky';
import { connectClient } from 'snorky/testing';

interface Task { id: number; title: string }
class AllTasks extends BroadcastDealer<Task> { readonly model = 'Task'; }
@Controller('tasks')
class TasksController {
  private readonly rows: Task[] = [];
  constructor(private readonly datasync: DataSyncService) {}
  @Get()
  @Subscribable(AllTasks)
  list(): Task[] { return this.rows; }
  async add(title: string): Promise<void> {
    const data = { id: this.rows.length, title };
    this.rows.push(data);
    await this.datasync.publishDeltas([{ type: 'insert', model: 'Task', data }]);
  }
}
@Module({
  imports: [
    SnorkyModule.forRoot({ registries: { frontend: { websocket: { path: '/ws' } } } }),
    DataSyncModule.register({ dealers: [AllTasks] }),
  ],
  controllers: [TasksController],
})
class AppModule {}
export {};`,
    run: () => Promise.resolve(),
  },
  servers: {
    before: `${SNORKY}
import { NestFactory } from '@nestjs/core';
import { createServer } from 'node:https';
import { WebSocketHost } from 'snorky';
import { selfSigned } from '../../test/support/servers/certificate.js';

@Module({
  imports: [SnorkyModule.forRoot({ registries: { frontend: { websocket: { path: '/ws' } } } })],
})
class AppModule {}
const certificate = selfSigned();
const app = await NestFactory.create(AppModule);
app.useWebSocketAdapter(new SnorkyWsAdapter(app));
`,
    replace: { '(80)': "(0, '127.0.0.1')", '(443)': "(0, '127.0.0.1')" },
    after: 'export { app, secure };',
    run: async (sample) => {
      const app = sample['app'] as unknown as INestApplication;
      const secure = sample['secure'] as unknown as Server;
      try {
        for (const [scheme, server] of [
          ['ws', app.getHttpServer() as Server],
          ['wss', secure],
        ] as const) {
          if (!server.listening) await once(server, 'listening');
          const { port } = server.address() as AddressInfo;
          await using socket = await TestSocket.connect(
            `${scheme}://127.0.0.1:${port}/ws`,
            { rejectUnauthorized: false },
          );
          expect(socket.unread).toEqual([]);
        }
      } finally {
        await app.close();
        secure.close();
      }
    },
  },
  io: {
    before: `${SNORKY}
import { NestFactory } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';

@WebSocketGateway()
class Chat {
  @SubscribeMessage('shout') shout(@MessageBody() text: string): string { return text.toUpperCase(); }
}
@Module({
  imports: [SnorkyModule.forRoot({ registries: { frontend: { websocket: { path: '/ws' } } } })],
  providers: [Chat],
})
class AppModule {}
const app = await NestFactory.create(AppModule);`,
    after: 'export { app };',
    run: async (sample) => {
      const app = sample['app'] as unknown as INestApplication;
      await app.listen(0, '127.0.0.1');
      const { port } = portOf(app);
      try {
        await using ours = await TestSocket.connect(
          `ws://127.0.0.1:${port}/ws`,
        );
        expect(ours.unread).toEqual([]);
        const { io } = await import('socket.io-client');
        const theirs = io(`http://127.0.0.1:${port}`, {
          transports: ['websocket'],
        });
        try {
          expect(await theirs.timeout(2000).emitWithAck('shout', 'hi')).toBe(
            'HI',
          );
        } finally {
          theirs.disconnect();
        }
      } finally {
        await app.close();
      }
    },
  },
  engine: {
    file: 'services/poll/poll.engine.ts',
    run: (sample) => {
      type Engine = {
        vote(by: object, option: string): void;
        tally(): unknown;
      };
      const engine = new (classOf(sample, 'PollEngine') as Type<Engine>)();
      const [ada, bob] = [{}, {}];
      engine.vote(ada, 'tea');
      engine.vote(bob, 'tea');
      engine.vote(ada, 'milk');
      expect(engine.tally()).toEqual({ tea: 1, milk: 1 });
      return Promise.resolve();
    },
  },
  options: {
    file: 'services/poll/poll-options.ts',
    run: (sample) => {
      const { pollOptions } = sample as unknown as {
        pollOptions(options: object): object;
      };
      expect(pollOptions({})).toEqual({});
      expect(pollOptions({ choices: ['tea'] })).toEqual({ choices: ['tea'] });
      expect(() => pollOptions({ choices: 'tea' })).toThrow('list of texts');
      return Promise.resolve();
    },
  },
  service: {
    file: 'services/poll/poll.service.ts',
    run: async (sample) => {
      await using app = await serve([classOf(sample, 'PollService')]);
      await using ada = await connectClient(app.app);
      const bob = await connectClient(app.app);
      await bob.call('poll', 'vote', { option: 'tea' });
      expect(await ada.next()).toMatchObject({
        message: { votes: { tea: 1 } },
      });
      bob.disconnect();
      expect(await ada.next()).toMatchObject({ message: { votes: {} } });
    },
  },
  module: {
    file: 'services/poll/poll.module.ts',
    run: async (sample) => {
      const module = sample['PollModule'] as unknown as {
        register(options?: object): DynamicModule;
        registerAsync(options: object): DynamicModule;
      };
      await using app = await serve(
        [],
        [
          module.register({ name: 'lunch' }),
          module.registerAsync({
            name: 'drinks',
            useFactory: async () => ({ choices: ['tea'] }),
          }),
        ],
      );
      await using client = await connectClient(app.app);
      const vote = (poll: string, option: string) =>
        client.call(poll, 'vote', { option });
      expect(await vote('lunch', 'soup')).toBeNull();
      expect(await vote('drinks', 'tea')).toBeNull();
      await expect(vote('drinks', 'soup')).rejects.toMatchObject({
        value: 'No such choice',
      });
      await expect(
        serve([], [module.register({ choices: 'tea' })]),
      ).rejects.toThrow(
        'The options of service "poll" cannot be used: The poll option "choices" must be a list of texts.',
      );
    },
  },
};

/** Where an application, and its backend if it has a port, listen. */
export function portOf(app: INestApplication): {
  port: number;
  backend: number | undefined;
} {
  const server = app.getHttpServer() as { address(): AddressInfo };
  return {
    port: server.address().port,
    backend: app.get(BackendHost).address('backend')?.port,
  };
}
