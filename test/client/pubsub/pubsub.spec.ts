import { describe, expect, it } from '@jest/globals';
import { PubSubModule, PubSubService, SnorkyModule } from 'snorky';
import { PubSub, RPCService } from 'snorky/client';
import { startApp, type RunningApp } from '../../support/servers/app.js';
import { connect, dispatched, inState, rejection } from '../support/client.js';
import { Line } from '../../../harness/line.js';
import { ScriptedServer } from '../support/scripted-server.js';

/** Nobody may read what is secret from the second time on. */
class Channels extends PubSubService {
  private readonly readers = new Map<string, number>();

  override canSubscribe(_client: unknown, channel: unknown): boolean {
    if (channel !== 'secret') return true;
    const times = (this.readers.get(channel) ?? 0) + 1;
    this.readers.set(channel, times);
    return times === 1;
  }
}

function startPubSub(): Promise<RunningApp> {
  return startApp({
    imports: [
      SnorkyModule.forRoot({
        registries: { frontend: { websocket: { path: '/ws' } } },
      }),
      PubSubModule.register({ service: Channels }),
    ],
  });
}

describe('PubSub', () => {
  it('hears what is published to its channels, any JSON', async () => {
    await using app = await startPubSub();
    using snorky = connect(`${app.ws}/ws`, { pubsub: PubSub });
    const { pubsub } = snorky.services;
    const channel = { room: [1, null] };
    expect(await pubsub.subscribe({ channel })).toBeNull();
    const heard = dispatched(pubsub.messageReceived);
    expect(await pubsub.publish({ channel, message: null })).toBeNull();
    expect(await heard).toEqual([{ channel, message: null }]);
  });

  it('keeps channels as JSON has them, whatever becomes of the object', async () => {
    await using app = await startPubSub();
    await using line = await Line.to(app.port);
    using snorky = connect(`ws://127.0.0.1:${line.port}/ws`, {
      pubsub: PubSub,
    });
    const { pubsub } = snorky.services;
    const days = ['2026-12-24', '2026-12-25'].map((day) => new Date(day));
    // Both have no members of their own: they would have one key.
    for (const day of days) await pubsub.subscribe({ channel: { day } });
    const room = { name: 'a' };
    await pubsub.subscribe({ channel: room });
    room.name = 'b';
    const again: unknown[] = [];
    const all = new Promise<void>((resolve) => {
      pubsub.resubscribed.add((channel) => {
        if (again.push(channel) === 3) resolve();
      });
    });
    line.cut();
    await all;
    expect(again).toEqual([
      { day: '2026-12-24T00:00:00.000Z' },
      { day: '2026-12-25T00:00:00.000Z' },
      { name: 'a' },
    ]);
    const heard = dispatched(pubsub.messageReceived);
    await pubsub.publish({ channel: { day: days[0] as Date }, message: 1 });
    expect(await heard).toEqual([{ channel: again[0], message: 1 }]);
  });

  it('has what the service refuses', async () => {
    await using app = await startPubSub();
    using snorky = connect(`${app.ws}/ws`, { pubsub: PubSub });
    const { pubsub } = snorky.services;
    await pubsub.subscribe({ channel: 'news' });
    expect(
      await rejection(pubsub.subscribe({ channel: 'news' })),
    ).toMatchObject({ value: 'Already subscribed' });
    await pubsub.unsubscribe({ channel: 'news' });
    expect(
      await rejection(pubsub.unsubscribe({ channel: 'news' })),
    ).toMatchObject({ value: 'Not subscribed' });
  });

  it('subscribes again after a loss, and tells', async () => {
    await using app = await startPubSub();
    await using line = await Line.to(app.port);
    using snorky = connect(`ws://127.0.0.1:${line.port}/ws`, {
      pubsub: PubSub,
    });
    const { pubsub } = snorky.services;
    await pubsub.subscribe({ channel: 'news' });
    await pubsub.subscribe({ channel: 'left' });
    await pubsub.unsubscribe({ channel: 'left' });
    const again: unknown[] = [];
    pubsub.resubscribed.add((channel) => again.push(channel));
    for (let i = 0; i < 3; i++) {
      const back = dispatched(pubsub.resubscribed);
      line.cut();
      await back;
      const heard = dispatched(pubsub.messageReceived);
      await pubsub.publish({ channel: 'news', message: i });
      expect(await heard).toEqual([{ channel: 'news', message: i }]);
    }
    expect(again).toEqual(['news', 'news', 'news']);
  });

  it('tells when it may not subscribe again, and does not try once more', async () => {
    await using app = await startPubSub();
    await using line = await Line.to(app.port);
    using snorky = connect(`ws://127.0.0.1:${line.port}/ws`, {
      pubsub: PubSub,
    });
    const { pubsub } = snorky.services;
    await pubsub.subscribe({ channel: 'secret' });
    const refused = dispatched(pubsub.unsubscribed);
    line.cut();
    expect(await refused).toMatchObject([
      'secret',
      { value: 'Not authorized' },
    ]);
    let times = 0;
    pubsub.unsubscribed.add(() => times++);
    line.cut();
    await inState(snorky, 'waiting');
    await inState(snorky, 'connected');
    await pubsub.publish({ channel: 'other', message: 1 });
    expect(times).toBe(0);
  });

  it('subscribes once the connection is there, though it was lost meanwhile', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, { pubsub: PubSub });
    const subscribed = snorky.services.pubsub.subscribe({ channel: 'news' });
    const first = await server.connection();
    await first.next();
    first.cut();
    const second = await server.connection();
    const call = await second.next();
    expect(call.message.params).toEqual({ channel: 'news' });
    second.answer(call, null);
    expect(await subscribed).toBeNull();
    // Once: it was not yet one of those to be subscribed to again.
    expect(second.unread).toEqual([]);
  });

  it('unsubscribes without a connection, since it ended with that', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, { pubsub: PubSub, calc: RPCService });
    const { pubsub, calc } = snorky.services;
    const subscribed = pubsub.subscribe({ channel: 'news' });
    const first = await server.connection();
    first.answer(await first.next(), null);
    await subscribed;
    first.cut();
    await inState(snorky, 'waiting');
    expect(await pubsub.unsubscribe({ channel: 'news' })).toBeNull();
    calc.rpcCall('marker').catch(() => {});
    const second = await server.connection();
    expect((await second.next()).message.command).toBe('marker');
  });

  it('unsubscribes although the connection is lost before the answer', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, { pubsub: PubSub });
    const { pubsub } = snorky.services;
    const subscribed = pubsub.subscribe({ channel: 'news' });
    const first = await server.connection();
    first.answer(await first.next(), null);
    await subscribed;
    const unsubscribed = pubsub.unsubscribe({ channel: 'news' });
    await first.next();
    first.cut();
    expect(await unsubscribed).toBeNull();
  });

  it('does not come back to a channel that was left before its answer', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, { pubsub: PubSub, calc: RPCService });
    const { pubsub, calc } = snorky.services;
    const connection = await server.connection();
    const both = [
      pubsub.subscribe({ channel: 'news' }),
      pubsub.unsubscribe({ channel: 'news' }),
    ];
    connection.answer(await connection.next(), null);
    connection.answer(await connection.next(), null);
    await Promise.all(both);
    connection.cut();
    await inState(snorky, 'waiting');
    calc.rpcCall('marker').catch(() => {});
    const second = await server.connection();
    expect((await second.next()).message.command).toBe('marker');
  });

  it('keeps its channels through disconnect() and connect()', async () => {
    await using app = await startPubSub();
    using snorky = connect(`${app.ws}/ws`, { pubsub: PubSub });
    const { pubsub } = snorky.services;
    await pubsub.subscribe({ channel: 'news' });
    snorky.disconnect();
    const back = dispatched(pubsub.resubscribed);
    snorky.connect();
    expect(await back).toEqual(['news']);
  });
});
