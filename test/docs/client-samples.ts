import { expect } from '@jest/globals';
import { Controller, HttpException, Post } from '@nestjs/common';
import { IsEmail } from 'class-validator';
import {
  getRegistryToken,
  PubSubModule,
  RpcCommand,
  RpcError,
  RpcService,
  SnorkyModule,
  SnorkyService,
  type ServiceRegistry,
} from 'snorky';
import type {
  Close,
  CollectionDeltaProcessor,
  ConnectionState,
  LiveItem,
  OwnCursor,
  Signal,
  Snorky,
} from 'snorky/client';
import { inState } from '../client/support/client.js';
import { startLiveApp } from '../client/support/live-app.js';
import { ScriptedChat } from '../client/support/scripted-chat.js';
import { ScriptedCursors } from '../client/support/scripted-cursors.js';
import { ScriptedMessaging } from '../client/support/scripted-messaging.js';
import { ServiceServer } from '../client/support/scripted-service.js';
import { startApp, type RunningApp } from '../support/servers/app.js';
import { Page, type Frame, type PageScript } from './page.js';
import { serve } from './samples.js';

/** How a sample for pages is compiled and run. */
export interface ClientSample extends Frame {
  /** Shows that the sample does what is written around it. */
  run?(sample: PageScript): Promise<void>;
}

const ADDRESS = "'wss://example.com/ws'";
const TASK =
  'interface Task { readonly id: number; readonly title: string; readonly completed: boolean; }';
const EXPORTED = 'export { snorky };';

const connectorOf = (name: string, Class: string, as = ''): string => `
import { ${Class}, Snorky } from 'snorky/client';
const snorky = new Snorky(WebSocket, 'wss://example.com/ws${as}', { ${name}: ${Class} });
`;

const LIVE = `
import { DataSync, liveCollection, Snorky } from 'snorky/client';
const snorky = new Snorky(WebSocket, ${ADDRESS}, { datasync: DataSync });
${TASK}
`;

/** An application with channels, and whatever a sample has in the way. */
function channels(): Promise<RunningApp> {
  return serve([], [PubSubModule.register()]);
}

@SnorkyService('calculator')
class Calculator extends RpcService {
  private readonly history_: { at: Date; sum: number }[] = [];

  @RpcCommand({ unchecked: true })
  sum({ number1, number2 }: { number1: number; number2: number }): number {
    if (number1 < 0) throw new RpcError('number1 must be positive');
    this.history_.push({ at: new Date(), sum: number1 + number2 });
    return number1 + number2;
  }

  @RpcCommand()
  history(): { at: Date; sum: number }[] {
    return this.history_;
  }
}

class Order {
  @IsEmail() email!: string;
}

@SnorkyService('shop')
class Shop {
  @RpcCommand({ validationErrors: 'expose' })
  order(_params: Order): void {}
}

@SnorkyService('visitors')
class Visitors extends RpcService {
  override onClientConnected(): void {
    this.notify(this.registry.clients(), {
      type: 'visitors',
      count: this.count(),
    });
  }

  @RpcCommand()
  count(): number {
    return this.registry.clients().size;
  }
}

@Controller('ticket')
class Tickets {
  issued = 0;
  /** The status of a refusal. */
  refusal: number | undefined;

  @Post()
  issue(): { ticket: string } {
    if (this.refusal !== undefined) throw new HttpException('', this.refusal);
    return { ticket: String(++this.issued) };
  }
}

@Controller('log-in')
class LogIn {
  @Post()
  logIn(): void {}
}

/** The samples for pages, by the names in the comments before them. */
export const CLIENT_SAMPLES: Readonly<Record<string, ClientSample>> = {
  // Run by samples.spec.ts, with the samples of the server that stand before it.
  'todo-page': {
    before: `import { DataSync, liveCollection, Snorky } from 'snorky/client';\n${TASK}`,
    after: 'export { snorky, tasks };',
  },
  browser: { after: 'export { snorky, sum };' },
  'live-page': { before: LIVE, after: 'export { snorky, tasks };' },

  start: {
    run: async (sample) => {
      await using app = await channels();
      using page = Page.of(app);
      const { snorky } = await page.load(sample);
      expect(snorky?.state).toBe('connecting');
      expect(Object.keys(snorky?.services ?? {})).toEqual([
        'pubsub',
        'datasync',
      ]);
    },
  },
  file: {
    before: `declare const Snorky: any;`,
    after: EXPORTED,
    run: async (sample) => {
      await using app = await channels();
      using page = Page.of(app);
      const { snorky } = await page.load(sample);
      const pubsub = snorky?.services['pubsub'] as unknown as {
        subscribe(params: object): Promise<null>;
        publish(params: object): Promise<null>;
      };
      await expect(
        // The server knows of the first one: commands start in order.
        pubsub.subscribe({ channel: 'announcements' }),
      ).rejects.toThrow('Already subscribed');
      await pubsub.publish({ channel: 'announcements', message: 'Hi' });
      expect(page.element('#news').textContent).toBe('Hi');
    },
  },
  ticket: {
    before: `import { PubSub, Snorky } from 'snorky/client';`,
    after: EXPORTED,
    run: async (sample) => {
      await using app = await serve([], [PubSubModule.register()], [Tickets]);
      using page = Page.of(app);
      const { snorky } = await page.load(sample);
      if (snorky === undefined) throw new Error('It exports no connection');
      await inState(snorky, 'connected');
      snorky.disconnect();
      snorky.connect();
      await inState(snorky, 'connected');
      expect(page.opened).toEqual([
        'wss://example.com/ws?ticket=1',
        'wss://example.com/ws?ticket=2',
      ]);
      const tickets = app.app.get(Tickets);
      for (const [refusal, state] of [
        [503, 'waiting'],
        [401, 'idle'],
      ] as const) {
        snorky.disconnect();
        tickets.refusal = refusal;
        snorky.connect();
        expect(snorky.state).toBe('connecting');
        await inState(snorky, state);
      }
      expect(page.opened).toHaveLength(2);
    },
  },
  subprotocol: {
    before: `import { PubSub, Snorky } from 'snorky/client';`,
    after: EXPORTED,
    run: async (sample) => {
      const offers: (readonly string[])[] = [];
      await using app = await startApp({
        imports: [
          PubSubModule.register(),
          SnorkyModule.forRoot({
            registries: {
              frontend: {
                websocket: {
                  path: '/ws',
                  subprotocol: (offered) => {
                    offers.push(offered);
                    return 'snorky';
                  },
                },
              },
            },
          }),
        ],
        controllers: [Tickets],
      });
      using page = Page.of(app);
      const { snorky } = await page.load(sample);
      if (snorky === undefined) throw new Error('It exports no connection');
      await inState(snorky, 'connected');
      snorky.disconnect();
      snorky.connect();
      await inState(snorky, 'connected');
      expect(offers).toEqual([
        ['snorky', 'bearer.1'],
        ['snorky', 'bearer.2'],
      ]);
      expect(page.opened).toEqual([
        'wss://example.com/ws',
        'wss://example.com/ws',
      ]);
    },
  },
  states: {
    before: `${connectorOf('pubsub', 'PubSub')}
const notice = document.querySelector('#notice') as HTMLElement;`,
    after: EXPORTED,
    run: async (sample) => {
      const app = await channels();
      using page = Page.of(app);
      const { snorky } = await page.load(sample);
      if (snorky === undefined) throw new Error('It exports no connection');
      const notice = page.element('#notice');
      await inState(snorky, 'connected');
      expect(notice.hidden).toBe(true);
      await app[Symbol.asyncDispose]();
      await inState(snorky, 'waiting');
      expect(notice.hidden).toBe(false);
      expect(notice.textContent).toMatch(
        /^Offline\. Trying again in [01] s\.$/,
      );
      const told = snorky.stateChanged as Signal<[ConnectionState, Close]>;
      told.dispatch('stopped', { code: 4100, reason: '' });
      expect(notice.textContent).toBe('Disconnected: please log in');
    },
  },
  'comes-back': {
    after: EXPORTED,
    run: async (sample) => {
      await using app = await channels();
      using page = Page.of(app);
      const { snorky } = await page.load(sample);
      if (snorky === undefined) throw new Error('It exports no connection');
      await inState(snorky, 'connected');
      closeAll(app, 4201);
      await inState(snorky, 'waiting');
      snorky.connect();
      await inState(snorky, 'connected');
      const reasons: (string | undefined)[] = [];
      snorky.stateChanged.add((_state, close) => reasons.push(close?.reason));
      closeAll(app, 4200, 'Logged out');
      await inState(snorky, 'stopped');
      expect(reasons).toEqual(['Logged out']);
    },
  },
  renew: {
    before: `import { PubSub, Snorky } from 'snorky/client';`,
    after: EXPORTED,
    run: async (sample) => {
      await using app = await serve([], [PubSubModule.register()], [Tickets]);
      using page = Page.of(app);
      const { snorky } = await page.load(sample);
      if (snorky === undefined) throw new Error('It exports no connection');
      await inState(snorky, 'connected');
      closeAll(app, 4100);
      await inState(snorky, 'waiting');
      snorky.connect();
      await inState(snorky, 'connected');
      expect(app.app.get(Tickets).issued).toBe(2);
      app.app.get(Tickets).refusal = 401;
      closeAll(app, 4100);
      await inState(snorky, 'waiting');
      snorky.connect();
      await inState(snorky, 'idle');
    },
  },
  'jwt-page': {
    before: `import { comesBack, PubSub, Snorky } from 'snorky/client';
declare function accessToken(): Promise<string>;`,
    after: EXPORTED,
  },
  'log-in': {
    before: `${connectorOf('pubsub', 'PubSub')}
const login = document.querySelector('#login') as HTMLElement;`,
    after: 'export { snorky, logIn };',
    run: async (sample) => {
      await using app = await serve([], [PubSubModule.register()], [LogIn]);
      using page = Page.of(app);
      const { snorky, logIn } = (await page.load(sample)) as unknown as {
        snorky: Snorky;
        logIn(body: URLSearchParams): Promise<void>;
      };
      const login = page.element('#login');
      await inState(snorky, 'connected');
      expect(login.hidden).toBe(true);
      closeAll(app, 4100);
      await inState(snorky, 'stopped');
      expect(login.hidden).toBe(false);
      await logIn(new URLSearchParams());
      await inState(snorky, 'connected');
      expect(login.hidden).toBe(true);
    },
  },
  'calculator-api': {},
  'adder-api': {},
  typed: {
    after: 'export { snorky, sum, at };',
    run: async (sample) => {
      await using app = await serve([Calculator]);
      using page = Page.of(app);
      const { sum, at } = await page.load(sample);
      expect(sum).toBe(5);
      expect(at).toMatch(/^\d{4}-.*Z$/);
    },
  },
  'call-options': {
    before: `
import { ConnectorError, rpc, RpcError, Snorky } from 'snorky/client';
import type { CalculatorApi } from './calculator-api.js';
const snorky = new Snorky(WebSocket, ${ADDRESS}, { calculator: rpc<CalculatorApi>() });
const { calculator } = snorky.services;`,
    after: EXPORTED,
    run: async (sample) => {
      await using app = await serve([Calculator]);
      using page = Page.of(app);
      await page.load(sample);
      expect(page.called('console.log')).toEqual([[5]]);
      const negative = {
        ...sample,
        code: sample.code.replace('number1: 2', 'number1: -2'),
      };
      await page.load(negative);
      expect(page.called('console.log').slice(1)).toEqual([
        ['It said: number1 must be positive'],
      ]);
    },
  },
  form: {
    before: `
import { isInvalidParams, rpc, Snorky } from 'snorky/client';
interface ShopApi { order(params: { email: string }): void }
const snorky = new Snorky(WebSocket, ${ADDRESS}, { shop: rpc<ShopApi>() });
const { shop } = snorky.services;`,
    after: 'export { snorky, order };',
    run: async (sample) => {
      await using app = await serve([Shop]);
      using page = Page.of(app);
      const { order } = (await page.load(sample)) as unknown as {
        order(email: string): Promise<void>;
      };
      await order('ann@example.com');
      expect(page.element('#email-problem').textContent).toBe('');
      await order('ann');
      expect(page.element('#email-problem').textContent).toBe(
        'email must be an email',
      );
    },
  },
  'own-connector': {
    after: EXPORTED,
    run: async (sample) => {
      await using app = await serve([Visitors]);
      using page = Page.of(app);
      const { snorky } = await page.load(sample);
      const visitors = snorky?.services['visitors'] as unknown as {
        onCount: (count: number) => void;
        count(): Promise<number>;
      };
      const told = new Promise((resolve) => (visitors.onCount = resolve));
      expect(await visitors.count()).toBe(1);
      expect(await told).toBe(1);
    },
  },
  'own-connector-es5': {
    before: `declare const Snorky: any;`,
    after: EXPORTED,
    run: async (sample) => {
      await using app = await serve([Visitors]);
      using page = Page.of(app);
      const { snorky } = await page.load(sample);
      const visitors = snorky?.services['visitors'] as unknown as {
        counted: Signal<[number]>;
        count(): Promise<number>;
      };
      const told = new Promise((resolve) => visitors.counted.add(resolve));
      expect(await visitors.count()).toBe(1);
      expect(await told).toBe(1);
    },
  },
  pubsub: {
    before: connectorOf('pubsub', 'PubSub'),
    after: EXPORTED,
    run: async (sample) => {
      await using app = await channels();
      using page = Page.of(app);
      const { snorky } = await page.load(sample);
      const printed = page.called('console.log');
      const pubsub = snorky?.services['pubsub'] as unknown as {
        publish(params: object): Promise<null>;
      };
      await pubsub.publish({ channel: 'announcements', message: 'Hi' });
      expect(printed).toEqual([['announcements', 'Hi']]);
      closeAll(app, 4000);
      await page.until(() => printed.length === 2);
      expect(printed[1]).toEqual([
        'announcements',
        'goes on; something may be missing',
      ]);
    },
  },
  channel: {
    before: `${connectorOf('pubsub', 'PubSub')}
interface Article { readonly headline: string; }
declare function show(text: string): void;`,
    after: 'export { snorky, stop };',
    run: async (sample) => {
      await using app = await channels();
      using page = Page.of(app);
      page.spy('show');
      const { stop } = (await page.load(sample)) as unknown as {
        stop: () => void;
      };
      expect(page.called('show')).toEqual([['Hello']]);
      stop();
    },
  },
  live: {
    before: `${LIVE}
declare function token(): string;
declare function render(tasks: readonly Task[], state: string): void;`,
    after: EXPORTED,
    run: async (sample) => {
      await using app = await startLiveApp();
      app.tasks.put({ id: 2, title: 'Coffee' });
      using page = Page.of(app);
      page.set('token', () => 'abc');
      page.spy('render');
      await page.load(sample);
      const renders = page.called('render');
      await page.until(() => renders.at(-1)?.[1] === 'live');
      app.tasks.put({ id: 1, title: 'Tea' });
      const [rows] = renders.at(-1) as [readonly object[]];
      await page.until(() => rows.length === 2);
      expect(rows).toEqual([
        { id: 1, title: 'Tea' },
        { id: 2, title: 'Coffee' },
      ]);
    },
  },
  'live-item': {
    before: `${LIVE}\ndeclare function show(text: string): void;`,
    after: 'export { snorky, task };',
    run: async (sample) => {
      await using app = await startLiveApp();
      app.tasks.put({ id: 1, title: 'Tea' });
      using page = Page.of(app);
      page.spy('show');
      const { task } = (await page.load(sample)) as unknown as {
        task: LiveItem<{ title: string }>;
      };
      await task.ready;
      const shown = page.called('show');
      expect(shown.at(-1)).toEqual(['Tea']);
      app.tasks.put({ id: 1, title: 'Coffee' });
      await page.until(() => shown.at(-1)?.[0] === 'Coffee');
      app.tasks.remove(1);
      await page.until(() => shown.at(-1)?.[0] === 'It was deleted');
    },
  },
  snapshots: {
    before: `${LIVE}
const tasks = liveCollection<Task>(snorky.services.datasync, '/tasks', { model: 'Task' });
await tasks.ready;
declare function useSyncExternalStore<Snapshot>(
  subscribe: (listener: () => void) => () => void,
  getSnapshot: () => Snapshot,
): Snapshot;`,
    after: 'export { snorky, tasks, items, state, retryAt };',
    run: async (sample) => {
      await using app = await startLiveApp();
      app.tasks.put({ id: 1, title: 'Tea' });
      using page = Page.of(app);
      page.set(
        'useSyncExternalStore',
        (subscribe: Signal['add'], getSnapshot: () => object) => {
          subscribe(() => {})();
          return getSnapshot();
        },
      );
      const shown = (await page.load(sample)) as unknown as object;
      expect(shown).toMatchObject({
        items: [{ id: 1, title: 'Tea' }],
        state: 'live',
        retryAt: undefined,
      });
    },
  },
  follow: {
    before: `${LIVE}
declare const token: string;
declare const processor: { processDeltas(deltas: readonly object[]): boolean };
declare function fetchAgain(): Promise<void>;`,
    after: 'export { snorky, followed };',
    run: async (sample) => {
      await using app = await startLiveApp();
      const answer = await fetch(`${app.http}/tasks`, {
        headers: { 'X-Snorky': 'Subscribe' },
      });
      using page = Page.of(app);
      page.set('token', answer.headers.get('x-subscription-token'));
      page.set('processor', { processDeltas: () => true });
      page.spy('fetchAgain');
      const applied: unknown[] = [];
      const arrived = new Promise<void>((resolve) => {
        page.set('processor', {
          processDeltas: (deltas: unknown) => {
            applied.push(deltas);
            resolve();
          },
        });
      });
      const { followed } = (await page.load(sample)) as unknown as {
        followed: { cancel(): void };
      };
      const data = { id: 1, title: 'Tea' };
      app.tasks.put(data);
      await arrived;
      expect(applied).toEqual([[{ type: 'insert', model: 'Task', data }]]);
      followed.cancel();
      expect(page.called('fetchAgain')).toHaveLength(1);
    },
  },
  collections: {
    before: `
import { ArrayCollection, CollectionDeltaProcessor, SingleItemCollection } from 'snorky/client';
interface Task { readonly id: number }
interface Project { readonly id: number; readonly name: string }`,
    after: `
const setProject = (value: Project): void => { project = value; };
const getProject = (): Project | undefined => project;
export { processor, open, done, setProject, getProject };`,
    run: async (sample) => {
      await using app = await channels();
      using page = Page.of(app);
      const { processor, open, done, setProject, getProject } =
        (await page.load(sample)) as unknown as {
          processor: CollectionDeltaProcessor;
          open: object[];
          done: object[];
          setProject(value: object): void;
          getProject(): object | undefined;
        };
      const insert = (id: number, tag: string): unknown =>
        processor.processDelta({
          type: 'insert',
          model: 'Task',
          data: { id },
          tag,
        });
      for (const id of [3, 2]) {
        expect(insert(id, 'open')).toBe(true);
        expect(insert(id, 'done')).toBe(true);
      }
      expect(open).toEqual([{ id: 3 }, { id: 2 }]);
      expect(done).toEqual([{ id: 2 }, { id: 3 }]);
      const oldData = { id: 1, name: 'a' };
      const newData = { id: 1, name: 'b' };
      setProject(oldData);
      const model = 'Project';
      processor.processDeltas([{ type: 'update', model, oldData, newData }]);
      expect(getProject()).toEqual(newData);
      processor.processDeltas([{ type: 'delete', model, data: newData }]);
      expect(getProject()).toBeUndefined();
    },
  },
  chat: {
    before: connectorOf('chat', 'Chat', '?as=alice'),
    after: 'export { snorky, members };',
    run: async (sample) => {
      await using server = await ServiceServer.start(
        'chat',
        new ScriptedChat(),
      );
      using page = new Page(server.url());
      const { members } = await page.load(sample);
      expect(members).toEqual(['alice']);
      expect(page.called('console.log')).toEqual([['alice', 'Hello']]);
    },
  },
  messaging: {
    before: connectorOf('messaging', 'Messaging', '?as=alice'),
    after: EXPORTED,
    run: async (sample) => {
      await using server = await ServiceServer.start(
        'messaging',
        new ScriptedMessaging(),
      );
      using page = new Page(server.url());
      await page.load(sample);
      expect(page.called('console.log')).toEqual([['alice', 'Hello']]);
    },
  },
  cursors: {
    before: `${connectorOf('cursors', 'Cursors', '?as=alice')}
declare function draw(owner: unknown, position: unknown): void;`,
    after: 'export { snorky, page, mine };',
    run: async (sample) => {
      await using server = await ServiceServer.start(
        'cursors',
        new ScriptedCursors(),
      );
      using alice = new Page(server.url());
      alice.spy('draw');
      alice.set('onpointermove', null);
      const move = (x: number, y: number): void =>
        (
          globalThis as unknown as { onpointermove(event: object): void }
        ).onpointermove({ x, y });
      const { mine } = (await alice.load(sample)) as unknown as {
        mine: OwnCursor;
      };
      await mine.created;
      // Another one in the same document.
      await alice.load(sample);
      const drawn = alice.called('draw');
      move(3, 4);
      await alice.until(() => drawn.length > 0);
      expect(drawn[0]).toEqual(['alice', { x: 3, y: 4 }]);
    },
  },
};

function closeAll({ app }: RunningApp, code: number, reason = ''): void {
  const registry = app.get<ServiceRegistry>(getRegistryToken(), {
    strict: false,
  });
  for (const client of registry.clients()) client.close(code, reason);
}
