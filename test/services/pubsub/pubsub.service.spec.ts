import { describe, expect, it } from '@jest/globals';
import { Inject, Injectable } from '@nestjs/common';
import {
  Client,
  getRegistryToken,
  InjectService,
  MemoryBroker,
  PubSubBackend,
  PubSubModule,
  PubSubService,
  RpcCommand,
  RpcError,
  RpcParam,
  ServiceRegistry,
  SnorkyModule,
  type Broker,
  type JsonObject,
  type JsonValue,
  type MaybePromise,
  type PubSubModuleOptions,
  type Topics,
} from 'snorky';
import { Test } from '@nestjs/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import { DelayedBroker } from '../../../src/broker/delayed-broker.js';
import { startApp, type RunningApp } from '../../support/servers/app.js';
import { deferred } from '../../support/waiting/deferred.js';
import { LocalClient } from '../../support/servers/local-client.js';
import { RecordedLog } from '../../support/servers/log.js';
import { TestSocket } from '../../support/sockets/socket.js';

const BROKERS: Readonly<Record<string, () => Broker>> = {
  'in memory': () => new MemoryBroker(),
  'far away': () => new DelayedBroker(new MemoryBroker(), { seed: 7 }),
};

/** Any JSON that is distinct from each other as a channel. */
const CHANNELS: readonly JsonValue[] = [
  'news',
  '',
  '1',
  1,
  0,
  true,
  false,
  null,
  [],
  {},
  [1, [true]],
  [1, [1]],
  { a: 1, b: [2] },
  '__proto__',
  { __proto__: null },
];

/** Counts the subscriptions that a broker has open. */
class Counting implements Broker {
  open = 0;
  opened = 0;
  readonly topics: Topics;
  constructor(private readonly inner: Broker) {
    const { topics } = inner;
    this.topics = {
      log: (...args) => topics.log(...args),
      announce: (...args) => topics.announce(...args),
      compare: (...args) => topics.compare(...args),
      listen: async (...args) => {
        const stop = await topics.listen(...args);
        this.open++;
        this.opened++;
        return () => {
          this.open--;
          stop();
        };
      },
    };
  }
  get node(): string {
    return this.inner.node;
  }
  get shared(): boolean {
    return this.inner.shared;
  }
  get directory(): Broker['directory'] {
    return this.inner.directory;
  }
  get tokens(): Broker['tokens'] {
    return this.inner.tokens;
  }
  get state(): Broker['state'] {
    return this.inner.state;
  }
  close(): Promise<void> {
    return this.inner.close();
  }
}

describe.each(Object.keys(BROKERS))('With a broker %s', (where) => {
  const makeBroker = BROKERS[where] as () => Broker;

  function start(
    options: PubSubModuleOptions | readonly PubSubModuleOptions[] = {},
    {
      broker = makeBroker(),
      log = new RecordedLog(),
      providers = [] as NonNullable<
        Parameters<typeof startApp>[0]['providers']
      >,
    } = {},
  ): Promise<RunningApp> {
    const modules = (
      Array.isArray(options) ? options : [options]
    ) as PubSubModuleOptions[];
    return startApp(
      {
        imports: [
          SnorkyModule.forRoot({
            broker,
            registries: {
              frontend: { websocket: { path: '/ws' } },
              backend: { http: { path: '/backend', key: 'swordfish' } },
            },
          }),
          ...modules.map((one) => PubSubModule.register(one)),
        ],
        providers,
      },
      (app) => app.useLogger(log),
    );
  }

  const connect = (app: RunningApp): Promise<TestSocket> =>
    TestSocket.connect(`${app.ws}/ws`);

  async function backend(
    app: RunningApp,
    service: string,
    command: string,
    params: object,
  ): Promise<unknown> {
    const response = await fetch(`${app.http}/backend`, {
      method: 'POST',
      headers: { 'X-Backend-Key': 'swordfish' },
      body: JSON.stringify({ service, message: { command, params } }),
    });
    const body = (await response.json()) as { message: unknown };
    return body.message;
  }

  const call = (
    command: string,
    channel: JsonValue,
    message?: JsonValue,
  ): readonly [string, object] => [
    'pubsub',
    {
      command,
      params: { channel, ...(message === undefined ? {} : { message }) },
      callId: `${command} ${JSON.stringify(channel)}`,
    },
  ];

  describe('subscribing', () => {
    it('once is enough', async () => {
      await using app = await start();
      await using socket = await connect(app);
      const params = { channel: 'a' };
      expect(await socket.call('pubsub', 'subscribe', params)).toEqual({
        type: 'response',
        callId: 0,
        data: null,
      });
      expect(await socket.call('pubsub', 'subscribe', params)).toEqual({
        type: 'error',
        callId: 1,
        message: 'Already subscribed',
      });
    });

    it('ends with unsubscribing', async () => {
      await using app = await start();
      await using socket = await connect(app);
      const params = { channel: 'a' };
      const no = { message: 'Not subscribed' };
      expect(await socket.call('pubsub', 'unsubscribe', params)).toMatchObject(
        no,
      );
      await socket.call('pubsub', 'subscribe', params);
      expect(await socket.call('pubsub', 'unsubscribe', params)).toMatchObject({
        data: null,
      });
      expect(await socket.call('pubsub', 'unsubscribe', params)).toMatchObject(
        no,
      );
      expect(
        await socket.call('pubsub', 'publish', { ...params, message: 1 }),
      ).toMatchObject({ data: null });
      expect(socket.unread).toEqual([]);
    });

    it('takes any JSON for a channel, by its value', async () => {
      await using app = await start();
      await using socket = await connect(app);
      for (const channel of CHANNELS.slice(0, -1)) {
        expect(
          await socket.call('pubsub', 'subscribe', { channel }),
        ).toMatchObject({ data: null });
      }
      for (const channel of [1.0, -0, { b: [2], a: 1 }, '\u006eews']) {
        expect(
          await socket.call('pubsub', 'subscribe', { channel }),
        ).toMatchObject({ message: 'Already subscribed' });
      }
      for (const channel of CHANNELS.slice(0, -1)) {
        socket.send(...call('publish', channel, 'x'));
        const [notification, answer] = await socket.take(2);
        expect(notification).toEqual({
          type: 'message',
          channel,
          message: 'x',
        });
        expect(answer).toMatchObject({ type: 'response', data: null });
      }
      expect(socket.unread).toEqual([]);
    });

    it.each([
      ['subscribe', {}],
      ['subscribe', { channel: 'a', more: 1 }],
      ['unsubscribe', {}],
      ['publish', { channel: 'a' }],
      ['publish', { message: 'a' }],
      ['publish', { channel: 'a', message: 1, client: 1 }],
    ])('and publishing check their params (%s %j)', async (command, params) => {
      await using app = await start();
      await using socket = await connect(app);
      expect(await socket.call('pubsub', command, params)).toMatchObject({
        message: 'Invalid params',
      });
    });

    it.each([
      'broadcast',
      'canPublish',
      'notify',
      'onClientDisconnected',
      'name',
    ])('is no way to %s', async (command) => {
      await using app = await start();
      await using socket = await connect(app);
      expect(await socket.call('pubsub', command)).toMatchObject({
        message: 'Unknown command',
      });
    });
  });

  describe('publishing', () => {
    it('reaches every subscriber, oneself before the answer', async () => {
      await using app = await start();
      await using ann = await connect(app);
      await using bob = await connect(app);
      await using eve = await connect(app);
      for (const socket of [ann, bob]) {
        await socket.call('pubsub', 'subscribe', { channel: { b: 1, a: 2 } });
      }
      await eve.call('pubsub', 'subscribe', { channel: 'other' });
      ann.send(...call('publish', { a: 2, b: 1 }, { text: null }));
      const notification = {
        type: 'message',
        channel: { a: 2, b: 1 },
        message: { text: null },
      };
      expect(await ann.take(2)).toEqual([
        notification,
        expect.objectContaining({ type: 'response', data: null }),
      ]);
      expect(await bob.take(1)).toEqual([notification]);
      await eve.call('pubsub', 'unsubscribe', { channel: 'other' });
      expect(eve.unread).toEqual([]);
    });

    it('keeps the order of one client, over all its channels', async () => {
      await using app = await start();
      await using ann = await connect(app);
      await using bob = await connect(app);
      for (const channel of ['a', 'b', 'c']) {
        await bob.call('pubsub', 'subscribe', { channel });
      }
      const messages = Array.from({ length: 30 }, (_, i) => i);
      ann.sendTogether(
        messages.map((i) => call('publish', 'abc'[i % 3] as string, i)),
      );
      const heard = (await bob.take(30)) as { message: number }[];
      expect(heard.map(({ message }) => message)).toEqual(messages);
      await ann.take(30);
    });

    it('fits between subscribing and unsubscribing in one chunk', async () => {
      await using app = await start();
      await using socket = await connect(app);
      socket.sendTogether([
        call('publish', 'a', 0),
        call('subscribe', 'a'),
        call('publish', 'a', 1),
        call('unsubscribe', 'a'),
        call('publish', 'a', 2),
        call('subscribe', 'a'),
        call('subscribe', 'a'),
      ]);
      const got = (await socket.take(8)) as {
        callId?: string;
        message?: unknown;
      }[];
      expect(got.map(({ callId, message }) => callId ?? message)).toEqual([
        'publish "a"',
        'subscribe "a"',
        1,
        'publish "a"',
        'unsubscribe "a"',
        'publish "a"',
        'subscribe "a"',
        'subscribe "a"',
      ]);
      expect(got[7]).toMatchObject({ message: 'Already subscribed' });
    });

    it('isolates a recipient that fails', async () => {
      const log = new RecordedLog();
      await using app = await start({}, { log });
      const registry = app.app.get<ServiceRegistry>(
        getRegistryToken('frontend'),
      );
      class Deaf extends LocalClient {
        subscribed = deferred();
        override sendText(text: string): void {
          super.sendText(text);
          this.subscribed.resolve();
        }
        override deliver(): void {
          throw new Error('gone');
        }
      }
      const deaf = new Deaf();
      registry.connect(deaf);
      deaf.tell(registry, ...(call('subscribe', 'a') as [string, never]));
      await deaf.subscribed.promise;
      await using ann = await connect(app);
      await ann.call('pubsub', 'subscribe', { channel: 'a' });
      ann.send(...call('publish', 'a', 1));
      expect(await ann.take(2)).toMatchObject([
        { type: 'message', message: 1 },
        { type: 'response' },
      ]);
      expect(
        log.with('error', 'Could not deliver a message of service "pubsub"'),
      ).toHaveLength(1);
    });
  });

  describe('a policy', () => {
    class Policy extends PubSubService {
      seen: unknown[] = [];
      override canPublish(
        client: Client,
        channel: JsonValue,
      ): MaybePromise<boolean> {
        return this.decide('publish', client, channel);
      }
      override canSubscribe(
        client: Client,
        channel: JsonValue,
      ): MaybePromise<boolean> {
        return this.decide('subscribe', client, channel);
      }
      private decide(
        what: string,
        client: Client,
        channel: JsonValue,
      ): MaybePromise<boolean> {
        this.seen.push([what, client.identity, channel]);
        const answers = typeof channel === 'string' ? channel : '';
        switch (answers) {
          case 'false':
            return false;
          case 'later false':
            return Promise.resolve(false);
          case 'true':
            return true;
          case 'later true':
            return Promise.resolve(true);
          case 'rpc error':
            throw new RpcError('Members only');
          case 'error':
            throw new Error('no database');
          case 'later error':
            return Promise.reject(new Error('no database'));
          default:
            // What a hook of a plain JavaScript application may answer.
            return channel as boolean;
        }
      }
    }

    it.each<[JsonValue, string | null]>([
      ['true', null],
      ['later true', null],
      ['false', 'Not authorized'],
      ['later false', 'Not authorized'],
      [1, 'Not authorized'],
      ['yes', 'Not authorized'],
      [[], 'Not authorized'],
      [{ allowed: true }, 'Not authorized'],
      [null, 'Not authorized'],
      ['rpc error', 'Members only'],
      ['error', 'Internal error'],
      ['later error', 'Internal error'],
    ])('that answers %j', async (channel, error) => {
      await using app = await start({ service: Policy });
      await using socket = await connect(app);
      const answer =
        error === null
          ? { type: 'response', data: null }
          : { type: 'error', message: error };
      expect(
        await socket.call('pubsub', 'subscribe', { channel }),
      ).toMatchObject(answer);
      if (error === null) {
        await socket.call('pubsub', 'unsubscribe', { channel });
      } else {
        expect(
          await socket.call('pubsub', 'unsubscribe', { channel }),
        ).toMatchObject({ message: 'Not subscribed' });
      }
      expect(
        await socket.call('pubsub', 'publish', { channel, message: 1 }),
      ).toMatchObject(answer);
      expect(app.app.get(Policy).seen).toEqual([
        ['subscribe', null, channel],
        ['publish', null, channel],
      ]);
    });

    it('does not bind the backend, nor the application', async () => {
      await using app = await start({ service: Policy });
      await using socket = await connect(app);
      const registry = app.app.get<ServiceRegistry>(
        getRegistryToken('frontend'),
      );
      expect(registry.serviceNames()).toEqual(['pubsub']);
      await socket.call('pubsub', 'subscribe', { channel: 'true' });
      expect(
        await backend(app, 'pubsub_backend', 'publish', {
          channel: 'true',
          message: [1],
        }),
      ).toEqual({ type: 'response', data: null });
      await app.app.get(PubSubService).broadcast('true', [2]);
      await app.app.get(PubSubBackend).publish('true', [3]);
      expect(await socket.take(3)).toMatchObject(
        [1, 2, 3].map((n) => ({ message: [n] })),
      );
      expect(app.app.get(Policy).seen).toHaveLength(1);
    });

    it('that is slow keeps the order of a client, and holds up nobody else', async () => {
      const gate = deferred<boolean>();
      class Slow extends PubSubService {
        override canPublish(
          _client: Client,
          channel: JsonValue,
        ): MaybePromise<boolean> {
          return channel === 'slow' ? gate.promise : true;
        }
      }
      await using app = await start({ service: Slow });
      await using ann = await connect(app);
      await using bob = await connect(app);
      await using eve = await connect(app);
      for (const channel of ['slow', 'quick']) {
        await eve.call('pubsub', 'subscribe', { channel });
      }
      ann.sendTogether([
        call('publish', 'slow', 'ann 1'),
        call('publish', 'quick', 'ann 2'),
      ]);
      expect(
        await bob.call('pubsub', 'publish', {
          channel: 'quick',
          message: 'bob',
        }),
      ).toMatchObject({ data: null });
      expect(await eve.take(1)).toMatchObject([{ message: 'bob' }]);
      gate.resolve(true);
      expect(await eve.take(2)).toMatchObject([
        { message: 'ann 1' },
        { message: 'ann 2' },
      ]);
      await ann.take(2);
    });

    it('that is slow to refuse lets the next publication through', async () => {
      const gate = deferred<boolean>();
      class Slow extends PubSubService {
        override canPublish(
          _client: Client,
          channel: JsonValue,
        ): MaybePromise<boolean> {
          return channel === 'slow' ? gate.promise : true;
        }
      }
      await using app = await start({ service: Slow });
      await using ann = await connect(app);
      await ann.call('pubsub', 'subscribe', { channel: 'quick' });
      ann.sendTogether([
        call('publish', 'slow', 1),
        call('publish', 'quick', 2),
      ]);
      gate.reject(new RpcError('No'));
      expect(await ann.take(3)).toMatchObject([
        { type: 'error', message: 'No' },
        { type: 'message', message: 2 },
        { type: 'response' },
      ]);
    });
  });

  describe('a client that goes', () => {
    it('leaves no subscription behind', async () => {
      const broker = new Counting(makeBroker());
      await using app = await start({}, { broker });
      await using bob = await connect(app);
      {
        await using ann = await connect(app);
        for (const channel of ['a', 'b']) {
          await ann.call('pubsub', 'subscribe', { channel });
        }
        await bob.call('pubsub', 'subscribe', { channel: 'a' });
        expect(broker.open).toBe(2);
      }
      await until(() => broker.open === 1);
      expect(
        await bob.call('pubsub', 'unsubscribe', { channel: 'a' }),
      ).toMatchObject({
        data: null,
      });
      await until(() => broker.open === 0);
    });

    it('while it is being allowed leaves none either', async () => {
      const broker = new Counting(makeBroker());
      const [asked, gate] = [deferred(), deferred<boolean>()];
      class Slow extends PubSubService {
        override canSubscribe(): Promise<boolean> {
          asked.resolve();
          return gate.promise;
        }
      }
      await using app = await start({ service: Slow }, { broker });
      const registry = app.app.get<ServiceRegistry>(
        getRegistryToken('frontend'),
      );
      {
        await using ann = await connect(app);
        ann.send(...call('subscribe', 'a'));
        await asked.promise;
      }
      await until(() => registry.clients().size === 0);
      gate.resolve(true);
      await until(() => broker.opened === 1 && broker.open === 0);
      expect(registry.counters).toMatchObject({ connections: 0 });
    });
  });

  describe('several modules', () => {
    it('have services of their own', async () => {
      class Private extends PubSubService {
        override canPublish(): boolean {
          return false;
        }
      }
      @Injectable()
      class User {
        constructor(
          @InjectService('pubsub') readonly pubsub: PubSubService,
          @InjectService('news') readonly news: PubSubService,
          @InjectService('news_backend', 'backend')
          readonly backend: PubSubBackend,
          @Inject(Private) readonly same: Private,
        ) {}
      }
      await using app = await start([{}, { service: Private, name: 'news' }], {
        providers: [User],
      });
      const user = app.app.get(User);
      expect(user.news).toBe(user.same);
      expect([user.pubsub.name, user.news.name, user.backend.name]).toEqual([
        'pubsub',
        'news',
        'news_backend',
      ]);
      await using socket = await connect(app);
      for (const service of ['pubsub', 'news']) {
        await socket.call(service, 'subscribe', { channel: 'a' });
      }
      expect(
        await socket.call('news', 'publish', { channel: 'a', message: 0 }),
      ).toMatchObject({ message: 'Not authorized' });
      await backend(app, 'news_backend', 'publish', {
        channel: 'a',
        message: 1,
      });
      await backend(app, 'pubsub_backend', 'publish', {
        channel: 'a',
        message: 2,
      });
      await user.backend.publish('a', 3);
      await user.pubsub.broadcast('a', 4);
      const got = [];
      for (let i = 0; i < 4; i++) got.push(await socket.next());
      expect(got).toMatchObject([
        { service: 'news', message: { message: 1 } },
        { service: 'pubsub', message: { message: 2 } },
        { service: 'news', message: { message: 3 } },
        { service: 'pubsub', message: { message: 4 } },
      ]);
    });
  });

  describe('the backend', () => {
    it('publishes to any channel, and has no other command', async () => {
      await using app = await start();
      await using socket = await connect(app);
      const channel = { a: [1] };
      await socket.call('pubsub', 'subscribe', { channel });
      expect(
        await backend(app, 'pubsub_backend', 'publish', {
          channel,
          message: null,
        }),
      ).toEqual({ type: 'response', data: null });
      expect(await socket.take(1)).toEqual([
        { type: 'message', channel, message: null },
      ]);
      for (const command of ['subscribe', 'unsubscribe', 'broadcast']) {
        expect(
          await backend(app, 'pubsub_backend', command, { channel }),
        ).toMatchObject({ message: 'Unknown command' });
      }
      expect(
        await backend(app, 'pubsub_backend', 'publish', { channel }),
      ).toMatchObject({ message: 'Invalid params' });
    });

    it('may have commands, a name and a registry of its own', async () => {
      class Shouting extends PubSubBackend {
        @RpcCommand()
        async shout(@RpcParam('text') text: string): Promise<void> {
          await this.pubsub.broadcast('all', text.toUpperCase());
        }
      }
      await using app = await start({
        name: 'chat',
        backend: { service: Shouting, name: 'megaphone', registry: 'frontend' },
      });
      await using socket = await connect(app);
      await socket.call('chat', 'subscribe', { channel: 'all' });
      socket.send('megaphone', {
        command: 'shout',
        params: { text: 'hey' },
        callId: 1,
      });
      expect(await socket.take(2)).toMatchObject([
        { message: 'HEY' },
        { type: 'response' },
      ]);
      expect(app.app.get(Shouting)).toBe(app.app.get(PubSubBackend));
    });

    it('is left out where its registry is missing, and can be injected still', async () => {
      await using app = await startApp({
        imports: [
          SnorkyModule.forRoot({
            broker: makeBroker(),
            registries: { frontend: { websocket: { path: '/ws' } } },
          }),
          PubSubModule.register(),
        ],
      });
      await using socket = await connect(app);
      await socket.call('pubsub', 'subscribe', { channel: 'a' });
      await app.app.get(PubSubBackend).publish('a', 1);
      expect(await socket.take(1)).toMatchObject([{ message: 1 }]);
    });

    it('cannot subscribe: there is no connection', async () => {
      await using app = await start([
        {},
        { name: 'open', registry: 'backend' },
      ]);
      const subscribe = { channel: 'a' };
      expect(await backend(app, 'open', 'subscribe', subscribe)).toEqual({
        type: 'error',
        callId: null,
        message: 'Connection required',
      });
      expect(
        await backend(app, 'open', 'unsubscribe', subscribe),
      ).toMatchObject({
        message: 'Not subscribed',
      });
      expect(
        await backend(app, 'open', 'publish', { channel: 'a', message: 1 }),
      ).toEqual({ type: 'response', data: null });
    });
  });
});

/** Looks again and again: nobody tells when a client's traces are gone. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(1);
}

describe('A message that JSON cannot express', () => {
  it('is refused where it is published from the server', async () => {
    const testing = await Test.createTestingModule({
      imports: [
        SnorkyModule.forRoot({ registries: { frontend: {} } }),
        PubSubModule.register(),
      ],
    }).compile();
    const app = await testing.init();
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    expect(() =>
      app.get(PubSubService).broadcast('news', cycle as JsonObject),
    ).toThrow(TypeError);
    await app.close();
  });
});
