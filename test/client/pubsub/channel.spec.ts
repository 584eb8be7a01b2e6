import { describe, expect, it, jest } from '@jest/globals';
import { PubSubModule, PubSubService, SnorkyModule } from 'snorky';
import {
  PubSub,
  RPCService,
  type Channel,
  type ChannelState,
} from 'snorky/client';
import { startApp, type RunningApp } from '../../support/servers/app.js';
import { connect, dispatched, inState, rejection } from '../support/client.js';
import { hushedErrors } from '../support/hushed-errors.js';
import { Line } from '../../../harness/line.js';
import {
  ScriptedServer,
  type ScriptedConnection,
} from '../support/scripted-server.js';

/** Lets nobody into what is secret until it is told. */
class Channels extends PubSubService {
  isOpen = false;

  override canSubscribe(_client: unknown, channel: unknown): boolean {
    return channel !== 'secret' || this.isOpen;
  }
}

async function startPubSub(): Promise<RunningApp> {
  return startApp({
    imports: [
      SnorkyModule.forRoot({
        registries: { frontend: { websocket: { path: '/ws' } } },
      }),
      PubSubModule.register({ service: Channels }),
    ],
  });
}

/** Waits until a channel is in a state. Listens meanwhile. */
function stateOf(channel: Channel, state: ChannelState): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (channel.getSnapshot().state !== state) return;
      stop();
      resolve();
    };
    const stop = channel.subscribe(look);
    look();
  });
}

/** The next message, to whoever listens already. */
function heard(channel: Channel): Promise<unknown> {
  return new Promise((resolve) => {
    const stop = channel.on((message) => {
      stop();
      resolve(message);
    });
  });
}

/** Answers the next command, which has to be this one. */
async function answers(
  connection: ScriptedConnection,
  command: string,
  channel: unknown,
): Promise<void> {
  const call = await connection.next();
  expect(call.message).toMatchObject({ command, params: { channel } });
  connection.answer(call, null);
}

const errors = hushedErrors();

describe('a channel', () => {
  it('has each message that is published, to any JSON', async () => {
    await using app = await startPubSub();
    using snorky = connect(`${app.ws}/ws`, { pubsub: PubSub });
    const room = { room: [1, null] };
    const channel = snorky.services.pubsub.channel<number>(room);
    room.room.push(2);
    expect(channel.name).toEqual({ room: [1, null] });
    const messages: number[] = [];
    const stop = channel.on((message) => messages.push(message));
    await stateOf(channel as never, 'subscribed');
    for (const message of [1, 2]) {
      expect(await channel.publish(message)).toBeNull();
    }
    expect(messages).toEqual([1, 2]);
    stop();
    stop();
    await channel.publish(3);
    expect(messages).toEqual([1, 2]);
  });

  it('asks for nothing before somebody listens', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, { pubsub: PubSub, calc: RPCService });
    const { pubsub, calc } = snorky.services;
    const connection = await server.connection();
    const channel = pubsub.channel('news');
    expect(channel.getSnapshot()).toEqual({
      state: 'idle',
      error: undefined,
      message: undefined,
    });
    calc.rpcCall('marker').catch(() => {});
    expect((await connection.next()).message.command).toBe('marker');
  });

  it('is left by the last one who listens, whichever object that used', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, { pubsub: PubSub, calc: RPCService });
    const { pubsub, calc } = snorky.services;
    const connection = await server.connection();
    const [one, other] = [pubsub.channel('news'), pubsub.channel('news')];
    const stops = [
      one.on(() => {}),
      one.subscribe(() => {}),
      other.on(() => {}),
    ];
    await answers(connection, 'subscribe', 'news');
    // The other object subscribes.
    const again = await connection.next();
    connection.refuse(again, 'Already subscribed');
    await stateOf(other, 'subscribed');
    stops[2]?.();
    stops[0]?.();
    await turn();
    calc.rpcCall('marker').catch(() => {});
    expect((await connection.next()).message.command).toBe('marker');
    stops[1]?.();
    await answers(connection, 'unsubscribe', 'news');
    expect(one.getSnapshot().state).toBe('idle');
  });

  it('is not left by who comes back in the same moment', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, { pubsub: PubSub, calc: RPCService });
    const { pubsub, calc } = snorky.services;
    const connection = await server.connection();
    const channel = pubsub.channel('news');
    channel.subscribe(() => {})();
    const stop = channel.subscribe(() => {});
    await answers(connection, 'subscribe', 'news');
    await turn();
    calc.rpcCall('marker').catch(() => {});
    expect((await connection.next()).message.command).toBe('marker');
    stop();
    await answers(connection, 'unsubscribe', 'news');
  });

  it('is left before its answer has come, which then says nothing', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, { pubsub: PubSub });
    const connection = await server.connection();
    await inState(snorky, 'connected');
    const channel = snorky.services.pubsub.channel('news');
    channel.on(() => {})();
    const asked = await connection.next();
    const left = await connection.next();
    expect([asked, left].map(({ message }) => message.command)).toEqual([
      'subscribe',
      'unsubscribe',
    ]);
    connection.answer(asked, null);
    connection.answer(left, null);
    await stateOf(snorky.services.pubsub.channel('other'), 'subscribing');
    expect(channel.getSnapshot().state).toBe('idle');
  });

  it('goes on with the next connection, and says so meanwhile', async () => {
    await using app = await startPubSub();
    await using line = await Line.to(app.port);
    using snorky = connect(`ws://127.0.0.1:${line.port}/ws`, {
      pubsub: PubSub,
    });
    const channel = snorky.services.pubsub.channel('news');
    const states: ChannelState[] = [];
    channel.subscribe(() => {
      const { state } = channel.getSnapshot();
      if (state !== states.at(-1)) states.push(state);
    });
    await stateOf(channel, 'subscribed');
    line.cut();
    await inState(snorky, 'waiting');
    expect(channel.getSnapshot().state).toBe('subscribing');
    await stateOf(channel, 'subscribed');
    const message = heard(channel);
    await channel.publish('again');
    expect(await message).toBe('again');
    expect(states).toEqual([
      'subscribing',
      'subscribed',
      'subscribing',
      'subscribed',
    ]);
  });

  it('says why it is refused, and is tried again', async () => {
    await using app = await startPubSub();
    using snorky = connect(`${app.ws}/ws`, { pubsub: PubSub });
    await inState(snorky, 'connected');
    const service = app.app.get(PubSubService, { strict: false }) as Channels;
    const channel = snorky.services.pubsub.channel('secret');
    const stop = channel.subscribe(() => {});
    await stateOf(channel, 'failed');
    expect(channel.getSnapshot().error).toMatchObject({
      value: 'Not authorized',
    });
    service.isOpen = true;
    await stateOf(channel, 'subscribed');
    expect(channel.getSnapshot().error).toBeUndefined();
    stop();
  });

  it('waits longer and longer between refusals', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, { pubsub: PubSub });
    const connection = await server.connection();
    await inState(snorky, 'connected');
    const delays: unknown[] = [];
    const random = jest.spyOn(Math, 'random').mockReturnValue(1e-6);
    const timers = jest.spyOn(globalThis, 'setTimeout');
    const channel = snorky.services.pubsub.channel('news');
    const stop = channel.subscribe(() => {});
    for (let times = 0; times < 11; times++) {
      connection.refuse(await connection.next(), 'Unavailable');
      await stateOf(channel, 'failed');
    }
    random.mockRestore();
    for (const [, delay] of timers.mock.calls) {
      if (typeof delay === 'number' && delay > 0 && delay < 1) {
        delays.push(Math.round(delay * 1e6));
      }
    }
    expect(delays).toEqual([
      ...[1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000, 256_000],
      ...[300_000, 300_000],
    ]);
    timers.mockRestore();
    stop();
  });

  it('hears through a listener that throws, and tells of it', async () => {
    await using app = await startPubSub();
    using snorky = connect(`${app.ws}/ws`, { pubsub: PubSub });
    const channel = snorky.services.pubsub.channel('news');
    const stop = channel.on(() => {
      throw new Error('mine');
    });
    await stateOf(channel, 'subscribed');
    const message = heard(channel);
    await channel.publish('Hi');
    expect(await message).toBe('Hi');
    expect(errors.mock.calls).toEqual([[new Error('mine')]]);
    stop();
  });

  it('counts by itself: one function may come twice, and leaves once each', async () => {
    await using app = await startPubSub();
    using snorky = connect(`${app.ws}/ws`, { pubsub: PubSub });
    const channel = snorky.services.pubsub.channel('news');
    let times = 0;
    const listener = (): void => void times++;
    const stops = [channel.on(listener), channel.on(listener)];
    await stateOf(channel, 'subscribed');
    await channel.publish(1);
    expect(times).toBe(2);
    stops[0]?.();
    stops[0]?.();
    await channel.publish(2);
    expect(times).toBe(3);
    stops[1]?.();
  });

  it('keeps its listeners through disconnect() and connect()', async () => {
    await using app = await startPubSub();
    using snorky = connect(`${app.ws}/ws`, { pubsub: PubSub });
    const channel = snorky.services.pubsub.channel('news');
    const stop = channel.subscribe(() => {});
    await stateOf(channel, 'subscribed');
    snorky.disconnect();
    expect(channel.getSnapshot().state).toBe('subscribing');
    snorky.connect();
    await stateOf(channel, 'subscribed');
    const message = heard(channel);
    await channel.publish('Hi');
    expect(await message).toBe('Hi');
    stop();
  });
});

describe('the snapshot of a channel', () => {
  it('has the last message, and is the same object until the next', async () => {
    await using app = await startPubSub();
    using snorky = connect(`${app.ws}/ws`, { pubsub: PubSub });
    const { subscribe, getSnapshot, publish, on } =
      snorky.services.pubsub.channel<string>('news');
    const told: unknown[] = [];
    const stop = subscribe(() => told.push(getSnapshot()));
    const message = new Promise((resolve) => on(resolve));
    await dispatched(snorky.connected);
    await publish('Hi');
    await message;
    const now = getSnapshot();
    expect(now).toEqual({
      state: 'subscribed',
      error: undefined,
      message: 'Hi',
    });
    expect(told.at(-1)).toBe(now);
    expect(getSnapshot()).toBe(now);
    expect(Object.isFrozen(now)).toBe(true);
    stop();
  });
});

describe('a channel beside subscribe() of its connector', () => {
  it('shares what is subscribed already, and leaves it as it was', async () => {
    await using app = await startPubSub();
    using snorky = connect(`${app.ws}/ws`, { pubsub: PubSub });
    const { pubsub } = snorky.services;
    await pubsub.subscribe({ channel: 'news' });
    const channel = pubsub.channel('news');
    await stateOf(channel, 'subscribed');
    await turn();
    expect(channel.getSnapshot().state).toBe('idle');
    const still = dispatched(pubsub.messageReceived);
    await pubsub.publish({ channel: 'news', message: 1 });
    expect(await still).toEqual([{ channel: 'news', message: 1 }]);
  });

  it('lets in subscribe() that waits for the connection, and leaves it its own', async () => {
    await using app = await startPubSub();
    using snorky = connect(`${app.ws}/ws`, { pubsub: PubSub });
    const { pubsub } = snorky.services;
    const subscribed = pubsub.subscribe({ channel: 'news' });
    const channel = pubsub.channel('news');
    const stop = channel.on(() => {});
    expect(await subscribed).toBeNull();
    await stateOf(channel, 'subscribed');
    stop();
    await turn();
    const still = dispatched(pubsub.messageReceived);
    await pubsub.publish({ channel: 'news', message: 1 });
    expect(await still).toEqual([{ channel: 'news', message: 1 }]);
  });

  it('lets in subscribe() that comes after it, once', async () => {
    await using app = await startPubSub();
    using snorky = connect(`${app.ws}/ws`, { pubsub: PubSub });
    const { pubsub } = snorky.services;
    const channel = pubsub.channel('news');
    const stop = channel.on(() => {});
    await stateOf(channel, 'subscribed');
    expect(await pubsub.subscribe({ channel: 'news' })).toBeNull();
    expect(
      await rejection(pubsub.subscribe({ channel: 'news' })),
    ).toMatchObject({ value: 'Already subscribed' });
    stop();
    await turn();
    const still = dispatched(pubsub.messageReceived);
    await pubsub.publish({ channel: 'news', message: 1 });
    expect(await still).toEqual([{ channel: 'news', message: 1 }]);
  });

  it('leaves nothing of what subscribe() is just asking for', async () => {
    await using app = await startPubSub();
    using snorky = connect(`${app.ws}/ws`, { pubsub: PubSub });
    const { pubsub } = snorky.services;
    await inState(snorky, 'connected');
    const subscribed = pubsub.subscribe({ channel: 'news' });
    pubsub.channel('news').on(() => {})();
    await subscribed;
    await turn();
    const still = dispatched(pubsub.messageReceived);
    await pubsub.publish({ channel: 'news', message: 1 });
    expect(await still).toEqual([{ channel: 'news', message: 1 }]);
  });

  it('leaves what it has asked for while unsubscribe() is under way', async () => {
    await using app = await startPubSub();
    using snorky = connect(`${app.ws}/ws`, { pubsub: PubSub });
    const { pubsub } = snorky.services;
    await pubsub.subscribe({ channel: 'news' });
    const left = pubsub.unsubscribe({ channel: 'news' });
    pubsub.channel('news').on(() => {})();
    await left;
    await turn();
    // It would be refused if the server still had one.
    expect(await pubsub.subscribe({ channel: 'news' })).toBeNull();
  });

  it('goes on after unsubscribe() of an object that is another by then', async () => {
    await using app = await startPubSub();
    using snorky = connect(`${app.ws}/ws`, { pubsub: PubSub });
    const { pubsub } = snorky.services;
    const channel = pubsub.channel({ room: 1 });
    const stop = channel.on(() => {});
    await stateOf(channel, 'subscribed');
    const room = { room: 1 };
    const left = pubsub.unsubscribe({ channel: room });
    room.room = 2;
    await left;
    await stateOf(channel, 'subscribed');
    const message = heard(channel);
    await channel.publish('Hi');
    expect(await message).toBe('Hi');
    stop();
  });

  it('is subscribed to once a message comes, though it was refused', async () => {
    await using app = await startPubSub();
    using snorky = connect(`${app.ws}/ws`, { pubsub: PubSub });
    await inState(snorky, 'connected');
    const { pubsub } = snorky.services;
    // The next try is far away.
    const random = jest.spyOn(Math, 'random').mockReturnValue(0.99);
    const channel = pubsub.channel('secret');
    const stop = channel.on(() => {});
    await stateOf(channel, 'failed');
    random.mockRestore();
    (app.app.get(PubSubService, { strict: false }) as Channels).isOpen = true;
    const other = pubsub.channel('secret');
    const stopOther = other.on(() => {});
    await stateOf(other, 'subscribed');
    const message = heard(channel);
    await other.publish('Hi');
    expect(await message).toBe('Hi');
    expect(channel.getSnapshot()).toEqual({
      state: 'subscribed',
      error: undefined,
      message: 'Hi',
    });
    stopOther();
    stop();
    await turn();
    // It would be refused if the server still had one.
    expect(await pubsub.subscribe({ channel: 'secret' })).toBeNull();
  });

  it('goes on after unsubscribe()', async () => {
    await using app = await startPubSub();
    using snorky = connect(`${app.ws}/ws`, { pubsub: PubSub });
    const { pubsub } = snorky.services;
    await pubsub.subscribe({ channel: 'news' });
    const channel = pubsub.channel('news');
    const stop = channel.subscribe(() => {});
    await stateOf(channel, 'subscribed');
    await pubsub.unsubscribe({ channel: 'news' });
    expect(channel.getSnapshot().state).toBe('subscribing');
    await stateOf(channel, 'subscribed');
    const message = heard(channel);
    await channel.publish('Hi');
    expect(await message).toBe('Hi');
    stop();
  });

  it('lets both come back after a loss', async () => {
    await using app = await startPubSub();
    await using line = await Line.to(app.port);
    using snorky = connect(`ws://127.0.0.1:${line.port}/ws`, {
      pubsub: PubSub,
    });
    const { pubsub } = snorky.services;
    const refused: unknown[] = [];
    pubsub.unsubscribed.add((name) => refused.push(name));
    await pubsub.subscribe({ channel: 'news' });
    const channel = pubsub.channel('news');
    const stop = channel.subscribe(() => {});
    await stateOf(channel, 'subscribed');
    const back = dispatched(pubsub.resubscribed);
    line.cut();
    expect(await back).toEqual(['news']);
    await stateOf(channel, 'subscribed');
    expect(refused).toEqual([]);
    stop();
  });
});

/** Waits for the work that was put off to the next turn. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}
