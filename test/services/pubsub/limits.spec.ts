import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Client,
  PubSubModule,
  PubSubService,
  SnorkyModule,
  type JsonValue,
  type PubSubModuleOptions,
} from 'snorky';
import { callBackend, connectClient, type TestClient } from 'snorky/testing';
import { startApp, type RunningApp } from '../../support/servers/app.js';
import { until } from '../../support/services/datasync.js';
import { RecordedLog } from '../../support/servers/log.js';

async function start(
  options: PubSubModuleOptions = {},
  log = new RecordedLog(),
): Promise<RunningApp> {
  return startApp(
    {
      imports: [
        SnorkyModule.forRoot({
          registries: {
            frontend: { websocket: { path: '/ws' } },
            backend: { http: { path: '/backend', key: 'swordfish' } },
          },
        }),
        PubSubModule.register(options),
      ],
    },
    (app) => app.useLogger(log),
  );
}

const TOO_MANY = { value: 'Too many subscriptions' };
const TOO_LONG = { value: 'Channel too long' };

function call(
  client: TestClient,
  command: string,
  channel: JsonValue,
): Promise<JsonValue> {
  const message = command === 'publish' ? { message: 1 } : {};
  return client.call('pubsub', command, { channel, ...message });
}

describe('A client', () => {
  const log = new RecordedLog();
  let app: RunningApp;
  beforeAll(async () => {
    app = await start({}, log);
  });
  afterAll(async () => {
    await app[Symbol.asyncDispose]();
  });

  it('is subscribed to a thousand channels, and to no more', async () => {
    const client = await connectClient(app.app);
    const other = await connectClient(app.app);
    const asked = Array.from({ length: 1002 }, (_, n) =>
      call(client, 'subscribe', n).then(
        () => 'there',
        (error: { value: string }) => error.value,
      ),
    );
    expect((await Promise.all(asked)).slice(998)).toEqual([
      'there',
      'there',
      'Too many subscriptions',
      'Too many subscriptions',
    ]);
    await expect(call(client, 'subscribe', 1)).rejects.toMatchObject({
      value: 'Already subscribed',
    });
    await call(other, 'subscribe', 2000);
    await call(client, 'unsubscribe', 1);
    await call(client, 'subscribe', 2000);
    const { counters } = app.app.get(PubSubService).registry;
    expect(
      counters.readings().filter(({ name }) => name === 'overLimit'),
    ).toMatchObject([
      { value: 2, labels: { service: 'pubsub', reason: 'subscriptions' } },
    ]);
    const lines = log.with('warn', 'Too many subscriptions');
    expect(lines[0]?.text).toBe(
      '"pubsub" refused a client: Too many subscriptions. If so much is ' +
        'expected, raise the option `maxSubscriptions`.',
    );
  });

  it.each<[string, JsonValue, JsonValue]>([
    ['a text', 'x'.repeat(1024), 'x'.repeat(1025)],
    // Two bytes each.
    ['a text of longer letters', '\u00e9'.repeat(512), '\u00e9'.repeat(513)],
    ['a list', ['x'.repeat(1020)], ['x'.repeat(1021)]],
    ['an object', { a: 'x'.repeat(1016) }, { a: 'x'.repeat(1017) }],
    ['many lists', [[], 1, null], Array.from({ length: 200_000 }, () => [])],
  ])(
    'names channels of a kilobyte by %s, and no longer ones',
    async (_kind, short, long) => {
      const { counters } = app.app.get(PubSubService).registry;
      const before = counters.overLimit;
      const client = await connectClient(app.app);
      await call(client, 'subscribe', short);
      await call(client, 'publish', short);
      await call(client, 'unsubscribe', short);
      for (const command of ['subscribe', 'publish', 'unsubscribe']) {
        await expect(call(client, command, long)).rejects.toMatchObject(
          TOO_LONG,
        );
      }
      // The server itself knows what it does.
      await callBackend(app.app, 'pubsub_backend', 'publish', {
        channel: long,
        message: 1,
      });
      expect(counters.overLimit - before).toBe(3);
    },
  );

  it('has the limits that the options say, and those of a policy', async () => {
    class Counting extends PubSubService {
      override canSubscribe(client: Client, channel: JsonValue): boolean {
        const mine = this.channelsOf(client);
        return !mine.has('alone') && (mine.size < 2 || channel === 'extra');
      }
    }
    await using app = await start({
      service: Counting,
      maxSubscriptions: 3,
      maxChannel: 5,
    });
    const client = await connectClient(app.app);
    await call(client, 'subscribe', 'one');
    await call(client, 'subscribe', [2]);
    const mine = app.app.get(Counting);
    const [there] = [...mine.registry.clients()];
    expect([...mine.channelsOf(there as Client)]).toEqual(['one', [2]]);
    await expect(call(client, 'subscribe', 'three')).rejects.toMatchObject({
      value: 'Not authorized',
    });
    await call(client, 'subscribe', 'extra');
    await expect(call(client, 'subscribe', 'four')).rejects.toMatchObject(
      TOO_MANY,
    );
    await expect(call(client, 'subscribe', 'longer')).rejects.toMatchObject(
      TOO_LONG,
    );
    client.disconnect();
    await until('the end', () => mine.channelsOf(there as Client).size === 0);
  });
});

describe('A start fails', () => {
  it.each([0, -1, Number.NaN, '7', null])(
    'with a limit of %p',
    async (value) => {
      for (const name of ['maxSubscriptions', 'maxChannel']) {
        await expect(start({ [name]: value })).rejects.toMatchObject({
          code: 'SNORKY_SERVICE_OPTION_INVALID',
          message: expect.stringContaining(`"${name}" must be a number from 1`),
        });
      }
    },
  );

  it('with no limit of infinity', async () => {
    await using app = await start({ maxSubscriptions: Infinity });
    expect(app.port).toBeGreaterThan(0);
  });
});
