import { describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  Client,
  ConnectedClient,
  PubSubModule,
  RpcCommand,
  getRegistryToken,
  SnorkyModule,
  SnorkyService,
  SnorkySetupError,
  verifyWebhook,
  type EventsOptions,
  type ListensToEvents,
  type RegistryEvent,
  type ServiceRegistry,
} from 'snorky';
import { startApp } from '../../support/servers/app.js';
import { TestSocket } from '../../support/sockets/socket.js';
import { Receiver } from '../../transports/webhook/receiver.js';

const SECRET = 'a secret of its own';

@SnorkyService('me')
class Me {
  @RpcCommand()
  logIn(@ConnectedClient() client: Client): void {
    client.identity = 'ann';
  }
}

@Injectable()
class Audit implements ListensToEvents {
  readonly seen: [string, RegistryEvent][] = [];

  onRegistryEvent(event: RegistryEvent, registry: string): void {
    this.seen.push([registry, event]);
  }
}

function root(events: EventsOptions) {
  return SnorkyModule.forRoot({
    registries: {
      frontend: { websocket: { path: '/ws' }, events },
      backend: { http: { path: '/backend', key: 'the key of the backend' } },
    },
  });
}

function start(events: EventsOptions, late = false) {
  const imports = late
    ? SnorkyModule.forRootAsync({
        registries: { frontend: { websocket: { path: '/ws' } } },
        useFactory: () => ({ registries: { frontend: { events } } }),
      })
    : root(events);
  return startApp({
    imports: [imports, PubSubModule.register()],
    providers: [Me, Audit],
  });
}

/** Somebody comes, logs in, subscribes twice to things, and goes. */
async function visit(url: string): Promise<void> {
  await using socket = await TestSocket.connect(url);
  await socket.call('me', 'logIn');
  await socket.call('pubsub', 'subscribe', { channel: 'news' });
  await socket.call('pubsub', 'subscribe', { channel: { id: 1 } });
  await socket.call('pubsub', 'unsubscribe', { channel: 'news' });
}

const told = (events: readonly object[]) =>
  events.map((event) => {
    const { type, identity, service, channel } = event as Record<
      string,
      unknown
    >;
    return service === undefined ? [type, identity] : [type, service, channel];
  });

const VISIT = [
  ['connected', null],
  ['occupied', 'pubsub', 'news'],
  ['occupied', 'pubsub', { id: 1 }],
  ['vacated', 'pubsub', 'news'],
  ['vacated', 'pubsub', { id: 1 }],
  ['disconnected', 'ann'],
];

describe('The events of a registry', () => {
  it('are told to a provider of the application', async () => {
    await using app = await start({ listener: Audit });
    const { seen } = app.app.get(Audit);
    await visit(app.ws + '/ws');
    while (seen.length < VISIT.length) await new Promise(setImmediate);
    expect(told(seen.map(([, event]) => event))).toEqual(VISIT);
    expect(new Set(seen.map(([registry]) => registry))).toEqual(
      new Set(['frontend']),
    );
  });

  it.each([false, true])(
    'are posted to a URL, signed (its options late: %p)',
    async (late) => {
      await using receiver = await Receiver.start();
      const webhook = { url: receiver.url, secret: SECRET, batchDelay: 1 };
      await using app = await start({ webhook }, late);
      await visit(app.ws + '/ws');
      const events = () =>
        receiver.posts.flatMap(({ json }) => [...json.events]);
      await receiver.until(() => events().length === VISIT.length);
      expect(told(events())).toEqual(VISIT);
      for (const post of receiver.posts) {
        expect(verifyWebhook(post, SECRET)).toBe(true);
      }
    },
  );

  it('are told of a channel when its first comes and its last one goes', async () => {
    await using app = await start({
      listener: Audit,
      types: ['occupied', 'vacated'],
    });
    const { seen } = app.app.get(Audit);
    await using ann = await TestSocket.connect(app.ws + '/ws');
    await using bob = await TestSocket.connect(app.ws + '/ws');
    for (const socket of [ann, bob]) {
      await socket.call('pubsub', 'subscribe', { channel: 'news' });
    }
    for (const socket of [ann, bob]) {
      await socket.call('pubsub', 'unsubscribe', { channel: 'news' });
    }
    expect(told(seen.map(([, event]) => event))).toEqual([
      ['occupied', 'pubsub', 'news'],
      ['vacated', 'pubsub', 'news'],
    ]);
  });

  it('are posted up to the last one when the application shuts down', async () => {
    await using receiver = await Receiver.start();
    const webhook = { url: receiver.url, secret: SECRET, batchDelay: 60_000 };
    const app = await start({ webhook });
    await using _socket = await TestSocket.connect(app.ws + '/ws');
    await app.app.close();
    const events = receiver.posts.flatMap(({ json }) => [...json.events]);
    expect(told(events)).toEqual([
      ['connected', null],
      ['disconnected', null],
    ]);
  });

  it('are counted where they are lost', async () => {
    await using receiver = await Receiver.start((response) => {
      response.writeHead(400).end();
    });
    const webhook = { url: receiver.url, secret: SECRET, batchDelay: 1 };
    const app = await start({ webhook });
    await using _socket = await TestSocket.connect(app.ws + '/ws');
    const { counters } = app.app.get<ServiceRegistry>(
      getRegistryToken('frontend'),
    );
    await receiver.until(() => receiver.posts.length === 1);
    await app.app.close();
    expect(counters.eventsLost).toBe(2);
  });

  it.each<[string, EventsOptions, RegExp]>([
    [
      'the key of a backend for a secret',
      {
        webhook: { url: 'https://a.example', secret: 'the key of the backend' },
      },
      /"frontend" .* The webhook option "secret" is the key of a backend/s,
    ],
    [
      'a URL that anybody could read',
      { webhook: { url: 'http://a.example', secret: SECRET } },
      /"frontend" .* The webhook option "url" must have https:/s,
    ],
    [
      'an event that there is not',
      { types: ['conected' as 'connected'] },
      /must be a list of connected, .*, not "conected"/,
    ],
    [
      'a text for a list',
      { types: 'connected' as never },
      /must be a list of connected, .*, not "connected"/,
    ],
  ])('stop the start with %s', async (_what, events, sentence) => {
    const starting = start(events);
    await expect(starting).rejects.toThrow(SnorkySetupError);
    await expect(starting).rejects.toThrow(sentence);
  });
});
