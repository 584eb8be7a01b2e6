import { describe, expect, it } from '@jest/globals';
import {
  getRegistryToken,
  SnorkyGateway,
  type Client,
  type IdentifiesClient,
  type JsonValue,
  type ServiceRegistry,
  type UpgradeRequest,
} from 'snorky';
import { startApp, type RunningApp } from '../../support/servers/app.js';
import { TestSocket } from '../../support/sockets/socket.js';
import { frontend, Me } from './me.service.js';

@SnorkyGateway()
class ByQuery implements IdentifiesClient {
  identify({ query }: UpgradeRequest): JsonValue {
    return query.user === undefined ? null : String(query.user);
  }
}

const start = (): Promise<RunningApp> =>
  startApp({ imports: [frontend()], providers: [Me, ByQuery] });

const registryOf = ({ app }: RunningApp): ServiceRegistry =>
  app.get<ServiceRegistry>(getRegistryToken());

/** A socket and the client that the server has of it. */
async function connected(
  app: RunningApp,
  query = '',
): Promise<{ socket: TestSocket; client: Client }> {
  const before = new Set(registryOf(app).clients());
  const socket = await TestSocket.connect(`${app.ws}/ws${query}`, {
    headers: { 'X-Device': 'phone' },
  });
  await socket.call('me', 'identity');
  const [client] = [...registryOf(app).clients()].filter(
    (one) => !before.has(one),
  );
  return { socket, client: client as Client };
}

describe('A client', () => {
  it('has its handshake, an id of its own and room for notes', async () => {
    await using app = await start();
    const one = await connected(app, '?room=1');
    const two = await connected(app);
    await using _ = one.socket;
    await using __ = two.socket;
    expect(one.client.handshake).toMatchObject({
      url: '/ws?room=1',
      remoteAddress: '127.0.0.1',
      headers: { 'x-device': 'phone', host: `127.0.0.1:${app.port}` },
    });
    expect(one.client.id).toMatch(/^\S+$/);
    expect(one.client.id).not.toBe(two.client.id);
    one.client.data.locale = 'de';
    expect([one.client.data, two.client.data]).toEqual([{ locale: 'de' }, {}]);
    expect(one.client.connected).toBe(true);
  });

  it('is found by its identity, also after that has changed', async () => {
    await using app = await start();
    const registry = registryOf(app);
    const { socket, client } = await connected(app, '?user=ann');
    const other = await connected(app);
    await using _ = other.socket;
    expect([...registry.clientsOf('ann')]).toEqual([client]);

    client.identity = { id: 2, name: 'Bob' };
    expect(await socket.call('me', 'identity')).toMatchObject({
      data: { id: 2, name: 'Bob' },
    });
    expect(registry.clientsOf('ann').size).toBe(0);
    expect([...registry.clientsOf({ name: 'Bob', id: 2 })]).toEqual([client]);

    client.identity = null;
    expect(registry.clientsOf({ id: 2, name: 'Bob' }).size).toBe(0);
    expect(registry.clients().size).toBe(2);

    client.identity = 'cid';
    socket.ws.close();
    await app.app.get(Me).left(1);
    expect(registry.clientsOf('cid').size).toBe(0);
    expect([...registry.clients()]).toEqual([other.client]);
  });

  it('gets what is sent to it, and then what closes it', async () => {
    await using app = await start();
    const { socket, client } = await connected(app);
    client.send({ service: 'news', message: { n: 1 } });
    client.send({ service: 'news', message: null });
    client.close();
    expect(client.connected).toBe(false);
    client.send({ service: 'news', message: 'too late' });
    client.close(4200, 'again');
    expect(await socket.next()).toEqual({ service: 'news', message: { n: 1 } });
    expect(await socket.next()).toEqual({ service: 'news', message: null });
    expect(await socket.closed).toEqual({ code: 1000, reason: '' });
    expect(socket.unread).toEqual([]);
  });

  it('cannot be sent what JSON cannot express', async () => {
    await using app = await start();
    const { socket, client } = await connected(app);
    await using _ = socket;
    expect(() =>
      client.send({ service: 'a', message: 1n as unknown as JsonValue }),
    ).toThrow(TypeError);
    client.send({ service: 'a', message: 1 });
    expect(await socket.next()).toEqual({ service: 'a', message: 1 });
  });

  it.each([1000, 1001, 1003, 1008, 1011, 1013, 3000, 4200, 4999])(
    'may be closed with %d',
    async (code) => {
      await using app = await start();
      const { socket, client } = await connected(app);
      client.close(code, 'Bye');
      expect(await socket.closed).toEqual({ code, reason: 'Bye' });
    },
  );

  it('is not closed with a code that a close frame cannot have', async () => {
    await using app = await start();
    const { socket, client } = await connected(app);
    await using _ = socket;
    for (const code of [
      -1,
      0,
      999,
      1004,
      1005,
      1006,
      1015,
      2999,
      5000,
      4200.5,
      NaN,
    ]) {
      expect(() => client.close(code)).toThrow(RangeError);
    }
    expect(await socket.call('me', 'identity')).toMatchObject({ data: null });
  });

  it.each([
    ['a number', 7],
    ['null', null],
    ['an object', { toString: () => 'Bye' }],
    ['a symbol', Symbol('Bye')],
  ])('is not half closed with a reason that is %s', async (_what, reason) => {
    await using app = await start();
    const { socket, client } = await connected(app);
    await using _ = socket;
    expect(() => client.close(4200, reason as unknown as string)).toThrow(
      'The reason of close() must be a text',
    );
    expect(client.connected).toBe(true);
    expect(await socket.call('me', 'identity')).toMatchObject({ data: null });
  });

  it.each([
    ['of one byte', 'a'.repeat(200), 'a'.repeat(123)],
    ['of two bytes', 'é'.repeat(200), 'é'.repeat(61)],
    ['of four bytes', '😀'.repeat(200), '😀'.repeat(30)],
    ['of four bytes after one', `a${'😀'.repeat(200)}`, `a${'😀'.repeat(30)}`],
    ['that just fit', `${'a'.repeat(119)}😀`, `${'a'.repeat(119)}😀`],
    ['that just do not', `${'a'.repeat(120)}😀b`, 'a'.repeat(120)],
  ])(
    'is told as much of a long reason as fits, in characters %s',
    async (_what, reason, told) => {
      await using app = await start();
      const { socket, client } = await connected(app);
      client.close(4200, reason);
      expect(await socket.closed).toEqual({ code: 4200, reason: told });
    },
  );

  it('is logged out everywhere in one line', async () => {
    await using app = await start();
    const registry = registryOf(app);
    const [phone, laptop, other] = await Promise.all(
      ['?user=ann', '?user=ann', '?user=bob'].map((query) =>
        TestSocket.connect(`${app.ws}/ws${query}`),
      ),
    );
    for (const socket of [phone, laptop, other])
      await socket?.call('me', 'identity');

    for (const client of registry.clientsOf('ann'))
      client.close(4200, 'Logged out');

    const closing = { code: 4200, reason: 'Logged out' };
    expect(await phone?.closed).toEqual(closing);
    expect(await laptop?.closed).toEqual(closing);
    await using stays = other as TestSocket;
    expect(await stays.call('me', 'identity')).toMatchObject({ data: 'bob' });
    expect(registry.clientsOf('ann').size).toBe(0);
  });

  it('that has gone is no recipient any more', async () => {
    await using app = await start();
    const { socket, client } = await connected(app, '?user=ann');
    socket.ws.terminate();
    expect(await app.app.get(Me).left(1)).toEqual([client]);
    expect(client.connected).toBe(false);
    client.send({ service: 'a', message: 1 });
    client.close(4200);
    client.identity = 'bob';
    expect(registryOf(app).clientsOf('bob').size).toBe(0);
  });
});
