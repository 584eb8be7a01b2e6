import { describe, expect, it } from '@jest/globals';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import {
  Client,
  ConnectedClient,
  CurrentRequest,
  getRegistryToken,
  InjectRegistry,
  RpcCommand,
  RpcParam,
  RpcRequest,
  RpcService,
  Service,
  ServiceRegistry,
  SnorkyModule,
  SnorkyService,
  type JsonValue,
  type ServiceHooks,
} from 'snorky';
import { once } from 'node:events';
import { startApp } from '../../support/servers/app.js';
import {
  startServices,
  startWithSocket,
} from '../../support/servers/services.js';
import { TestSocket } from '../../support/sockets/socket.js';

@SnorkyService('echo')
class Echo extends Service {
  processMessageFrom(client: Client, message: JsonValue): void {
    this.sendMessageTo(client, message);
  }
}

describe('A raw service', () => {
  it('exchanges any JSON', async () => {
    await using app = await startWithSocket([Echo]);
    const values: JsonValue[] = [
      null,
      0,
      '',
      false,
      [],
      {},
      { command: 1 },
      'é\u2028\ud83d\ude00',
    ];
    for (const value of values) {
      app.socket.send('echo', value);
      expect(await app.socket.next()).toEqual({
        service: 'echo',
        message: value,
      });
    }
  });

  it('is answered over HTTP by its first message', async () => {
    @SnorkyService('echo', { registry: 'backend' })
    class Twice extends Service {
      processMessageFrom(client: Client, message: JsonValue): void {
        this.sendMessageTo(client, message);
        this.sendMessageTo(client, 'dropped');
      }
    }
    await using app = await startApp({
      imports: [
        SnorkyModule.forRoot({
          registries: { backend: { http: { path: '/backend', key: 'k' } } },
        }),
      ],
      providers: [Twice],
    });
    const response = await fetch(`${app.http}/backend`, {
      method: 'POST',
      headers: { 'X-Backend-Key': 'k' },
      body: JSON.stringify({ service: 'echo', message: [1] }),
    });
    expect([response.status, await response.json()]).toEqual([
      200,
      { service: 'echo', message: [1] },
    ]);
  });

  it('that fails does not concern the connection', async () => {
    @SnorkyService('broken')
    class Broken extends Service {
      processMessageFrom(_client: Client, message: JsonValue): Promise<void> {
        if (message === 'throw') throw new Error('now');
        return Promise.reject(new Error('later'));
      }
    }
    await using app = await startWithSocket([Broken, Echo]);
    app.socket.send('broken', 'throw');
    app.socket.send('broken', 'reject');
    app.socket.send('echo', 'still here');
    expect(await app.socket.take(1)).toEqual(['still here']);
    const registry = app.app.get<ServiceRegistry>(getRegistryToken());
    expect(registry.counters.failures).toBe(2);
  });

  it('has its dependencies injected, and its name from onApplicationBootstrap on', async () => {
    @Injectable()
    class Prefix {
      readonly text = '> ';
    }
    @SnorkyService('prefixed')
    class Prefixed extends Service implements OnApplicationBootstrap {
      private early: unknown;
      private known = '';
      constructor(private readonly before: Prefix) {
        super();
        try {
          this.early = this.name;
        } catch (error) {
          this.early = (error as Error).message;
        }
      }
      onApplicationBootstrap(): void {
        this.known = `${this.registry.name}/${this.name}`;
      }
      processMessageFrom(client: Client, message: JsonValue): void {
        this.sendMessageTo(client, [
          `${this.before.text}${String(message)}`,
          this.known,
          String(this.early),
        ]);
      }
    }
    await using app = await startWithSocket([Prefixed, Prefix]);
    app.socket.send('prefixed', 'a');
    expect(await app.socket.take(1)).toEqual([
      [
        '> a',
        'frontend/prefixed',
        expect.stringContaining('is not registered yet'),
      ],
    ]);
  });
});

describe('A service with members of its own', () => {
  it('does not meet those of its base class', async () => {
    @SnorkyService('own')
    class Own extends RpcService {
      readonly prefix = { text: '> ' };
      readonly resolvesCalls = false;
      @RpcCommand()
      attach(@RpcParam('to') to: string): string {
        return this.prefix.text + to;
      }
      @RpcCommand()
      commandFailed(): void {
        throw new Error();
      }
      @RpcCommand()
      resolvedTwice(@CurrentRequest() request: RpcRequest): number {
        request.reply(1);
        return 2;
      }
    }
    await using app = await startWithSocket([Own]);
    expect(await app.socket.call('own', 'attach', { to: 'a' })).toMatchObject({
      data: '> a',
    });
    expect(await app.socket.call('own', 'commandFailed')).toMatchObject({
      message: 'Internal error',
    });
    expect(await app.socket.call('own', 'resolvedTwice')).toMatchObject({
      data: 1,
    });
  });
});

describe('The hooks of a decorated class', () => {
  it('are told of every client, before its messages and after them', async () => {
    const seen: unknown[] = [];
    let gone!: () => void;
    const left = new Promise<void>((resolve) => (gone = resolve));
    @SnorkyService('witness')
    class Witness implements ServiceHooks {
      private readonly online = new Set<string>();
      onClientConnected(client: Client): void {
        this.online.add(client.id);
        seen.push(['connected', client.connected]);
      }
      onClientDisconnected(client: Client): void {
        this.online.delete(client.id);
        seen.push(['disconnected', client.connected]);
        gone();
      }
      @RpcCommand()
      count(): number {
        seen.push('count');
        return this.online.size;
      }
    }
    await using app = await startServices([Witness]);
    {
      await using socket = await TestSocket.connect(`${app.ws}/ws`);
      expect(await socket.call('witness', 'count')).toMatchObject({ data: 1 });
    }
    await left;
    expect(seen).toEqual([
      ['connected', true],
      'count',
      ['disconnected', false],
    ]);
  });

  it('are not run for HTTP', async () => {
    const seen: string[] = [];
    @SnorkyService('witness', { registry: 'backend' })
    class Witness implements ServiceHooks {
      onClientConnected(): void {
        seen.push('connected');
      }
      onClientDisconnected(): void {
        seen.push('disconnected');
      }
      @RpcCommand()
      look(@ConnectedClient() client: Client): unknown {
        return [client.connected, client.identity];
      }
    }
    await using app = await startApp({
      imports: [
        SnorkyModule.forRoot({
          registries: { backend: { http: { path: '/backend', key: 'k' } } },
        }),
      ],
      providers: [Witness],
    });
    const response = await fetch(`${app.http}/backend`, {
      method: 'POST',
      headers: { 'X-Backend-Key': 'k' },
      body: '{"service":"witness","message":{"command":"look","params":{}}}',
    });
    expect(await response.json()).toMatchObject({
      message: { data: [false, null] },
    });
    expect(seen).toEqual([]);
  });
});

describe('A client', () => {
  @SnorkyService('auth')
  class Auth {
    constructor(@InjectRegistry() private readonly registry: ServiceRegistry) {}

    @RpcCommand()
    login(
      @RpcParam('identity') identity: JsonValue,
      @ConnectedClient() client: Client,
    ): void {
      client.identity = identity;
    }
    @RpcCommand()
    whoami(@CurrentRequest() { client }: RpcRequest): unknown {
      const { id, identity, data, handshake, connected } = client;
      return {
        id: typeof id,
        identity,
        data,
        connected,
        url: handshake.url,
        address: handshake.remoteAddress,
        agent: handshake.headers['x-agent'],
      };
    }
    @RpcCommand()
    note(
      @RpcParam('text') text: string,
      @ConnectedClient() client: Client,
    ): void {
      client.data['note'] = text;
    }
    @RpcCommand()
    others(@ConnectedClient() client: Client): number {
      const { identity } = client;
      return [...this.registry.clientsOf(identity)].length;
    }
    @RpcCommand()
    tell(
      @RpcParam('identity') identity: JsonValue,
      @RpcParam('text') text: string,
    ): void {
      for (const client of this.registry.clientsOf(identity)) {
        client.send({ service: 'mail', message: { type: 'mail', text } });
      }
    }
    @RpcCommand()
    ban(@RpcParam('identity') identity: JsonValue): void {
      for (const client of this.registry.clientsOf(identity)) {
        client.close(4200, 'Logged out');
      }
    }
  }

  it('has a handshake, an identity and notes', async () => {
    await using app = await startServices([Auth]);
    await using socket = await TestSocket.connect(`${app.ws}/ws?a=1`, {
      headers: { 'X-Agent': 'test' },
    });
    await socket.call('auth', 'note', { text: 'mine' });
    await socket.call('auth', 'login', { identity: { id: 7 } });
    expect(await socket.call('auth', 'whoami')).toMatchObject({
      data: {
        id: 'string',
        identity: { id: 7 },
        data: { note: 'mine' },
        connected: true,
        url: '/ws?a=1',
        address: '127.0.0.1',
        agent: 'test',
      },
    });
    await using other = await TestSocket.connect(`${app.ws}/ws`);
    expect(await other.call('auth', 'whoami')).toMatchObject({
      data: { identity: null, data: {} },
    });
  });

  it('is found by its identity, told something and logged out everywhere', async () => {
    await using app = await startServices([Auth]);
    const connect = (): Promise<TestSocket> =>
      TestSocket.connect(`${app.ws}/ws`);
    await using phone = await connect();
    await using laptop = await connect();
    await using admin = await connect();
    for (const socket of [phone, laptop]) {
      await socket.call('auth', 'login', { identity: 'ann' });
    }
    expect(await phone.call('auth', 'others')).toMatchObject({ data: 2 });
    await admin.call('auth', 'tell', { identity: 'ann', text: 'Hi' });
    for (const socket of [phone, laptop]) {
      expect(await socket.next()).toEqual({
        service: 'mail',
        message: { type: 'mail', text: 'Hi' },
      });
    }
    expect(await admin.call('auth', 'ban', { identity: 'ann' })).toMatchObject({
      data: null,
    });
    for (const socket of [phone, laptop]) {
      expect(await socket.closed).toEqual({ code: 4200, reason: 'Logged out' });
    }
    expect(await admin.call('auth', 'others')).toMatchObject({ data: 0 });
  });

  it('that closes itself has its answer first', async () => {
    await using app = await startServices([Auth]);
    await using socket = await TestSocket.connect(`${app.ws}/ws`);
    await socket.call('auth', 'login', { identity: 1 });
    socket.sendTogether([
      ['auth', { command: 'whoami', params: {}, callId: 'before' }],
      ['auth', { command: 'ban', params: { identity: 1 }, callId: 'lost' }],
    ]);
    expect(await socket.take(1)).toMatchObject([{ callId: 'before' }]);
    expect(await socket.closed).toMatchObject({ code: 4200 });
    expect(socket.unread).toEqual([]);
  });
});

describe('A request', () => {
  it('has what the client wrote, and outlives its client', async () => {
    const requests: RpcRequest[] = [];
    let gone!: (client: Client) => void;
    const left = new Promise<Client>((resolve) => (gone = resolve));
    @SnorkyService('lasting')
    class Lasting implements ServiceHooks {
      onClientDisconnected(client: Client): void {
        gone(client);
      }
      @RpcCommand({ async: true, name: 'wait', unchecked: true })
      hold(_params: object, request: RpcRequest): void {
        requests.push(request);
      }
    }
    await using app = await startWithSocket([Lasting, Echo]);
    const { socket } = app;
    socket.send('lasting', {
      command: 'wait',
      params: { a: [1] },
      callId: { any: null },
      more: 'ignored',
    });
    socket.send('echo', 1);
    await socket.take(1);
    const [request] = requests as [RpcRequest];
    expect(request).toMatchObject({
      command: 'wait',
      params: { a: [1] },
      callId: { any: null },
      resolved: false,
    });
    expect(request.service.name).toBe('lasting');
    socket.ws.close();
    await once(socket.ws, 'close');
    expect(await left).toBe(request.client);
    request.reply('too late');
    expect(request.resolved).toBe(true);
  });
});
