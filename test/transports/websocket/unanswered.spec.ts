import { describe, expect, it } from '@jest/globals';
import { RpcService, type RpcRequest } from 'snorky';
import type { Command } from '../../../src/core/rpc/command.js';
import { RawWebSocket } from '../../support/sockets/raw-websocket.js';
import { TestSocket } from '../../support/sockets/socket.js';
import { startEndpoint } from './endpoint.js';

/** Keeps its requests until a test answers them. */
class Desk extends RpcService {
  readonly requests: RpcRequest[] = [];
  private told: (() => void)[] = [];

  constructor() {
    super();
    const ask: Command = {
      async: true,
      staged: false,
      invoke: (request) => {
        this.requests.push(request);
        for (const tell of this.told.splice(0)) tell();
      },
    };
    this.installCommands(new Map([['ask', ask]]));
  }

  /** Settles when so many requests have come. */
  async asked(count: number): Promise<void> {
    while (this.requests.length < count) {
      await new Promise<void>((resolve) => this.told.push(resolve));
    }
  }
}

const ask = (callId: number) => ({ command: 'ask', params: {}, callId });

describe('Requests of a connection that wait for their answers', () => {
  it('are maxUnanswered at most: then the socket is not read, until one is answered', async () => {
    const desk = new Desk();
    await using running = await startEndpoint({ maxUnanswered: 2 }, { desk });
    await using socket = await TestSocket.connect(running.url);
    await using other = await TestSocket.connect(running.url);
    socket.send('desk', ask(0));
    socket.send('desk', ask(1));
    await desk.asked(2);
    // The socket is paused by now: what is sent from here on stays outside.
    socket.send('desk', ask(2));
    socket.send('echo', 'behind');
    for (let i = 0; i < 20; i++) {
      other.send('echo', i);
      await other.next();
    }
    expect(desk.requests.length).toBe(2);
    expect(running.echo.got).not.toContain('behind');

    desk.requests[1]?.reply('one');
    expect(await socket.next()).toMatchObject({
      message: { callId: 1, data: 'one' },
    });
    await desk.asked(3);
    for (const { callId } of desk.requests) expect([0, 1, 2]).toContain(callId);
    desk.requests[0]?.reply();
    desk.requests[2]?.error('two');
    const answers = [
      await socket.next(),
      await socket.next(),
      await socket.next(),
    ];
    expect(answers).toEqual(
      expect.arrayContaining([
        {
          service: 'desk',
          message: { type: 'response', callId: 0, data: null },
        },
        {
          service: 'desk',
          message: { type: 'error', callId: 2, message: 'two' },
        },
        { service: 'echo', message: 'behind' },
      ]),
    );
    expect(running.registry.counters.closedStalled).toBe(0);
  });

  it('are all taken in the end when many come at once', async () => {
    const desk = new Desk();
    await using running = await startEndpoint({ maxUnanswered: 3 }, { desk });
    await using socket = await TestSocket.connect(running.url);
    const count = 500;
    for (let i = 0; i < count; i++) socket.send('desk', ask(i));
    for (let i = 0; i < count; i++) {
      await desk.asked(i + 1);
      desk.requests[i]?.reply(i);
    }
    for (let i = 0; i < count; i++) {
      expect(await socket.next()).toMatchObject({
        message: { callId: i, data: i },
      });
    }
  });

  it('close the connection with 4002 when none is answered within stallTimeout', async () => {
    const desk = new Desk();
    await using running = await startEndpoint(
      { maxUnanswered: 1, stallTimeout: 50, heartbeat: 20 },
      { desk },
    );
    await using socket = await TestSocket.connect(running.url);
    await using other = await TestSocket.connect(running.url);
    socket.send('desk', ask(0));
    expect(await socket.closed).toEqual({
      code: 4002,
      reason: 'Too many unanswered requests',
    });
    await running.echo.until(({ gone }) => gone.length === 1);
    expect(running.registry.counters).toMatchObject({
      closedStalled: 1,
      closedNoPong: 0,
    });
    desk.requests[0]?.reply('for nobody');
    other.send('echo', 1);
    expect(await other.next()).toMatchObject({ message: 1 });
  });

  it('do not make the heartbeat give a stalled connection up, nor one that goes on', async () => {
    const desk = new Desk();
    await using running = await startEndpoint(
      { maxUnanswered: 1, heartbeat: 20 },
      { desk },
    );
    await using clock = await TestSocket.connect(running.url);
    await using socket = await TestSocket.connect(running.url);
    let pings = 0;
    const beaten = new Promise<void>((resolve) => {
      clock.ws.on('ping', () => {
        if (++pings === 5) resolve();
      });
    });
    socket.send('desk', ask(0));
    await beaten;
    desk.requests[0]?.reply('late');
    expect(await socket.next()).toMatchObject({ message: { data: 'late' } });
    socket.send('echo', 'alive');
    expect(await socket.next()).toMatchObject({ message: 'alive' });
    expect(running.registry.counters.closedNoPong).toBe(0);
  });

  it('do not end the pings, since proxies cut what is silent', async () => {
    const desk = new Desk();
    await using running = await startEndpoint(
      { maxUnanswered: 1, heartbeat: 20 },
      { desk },
    );
    await using raw = await RawWebSocket.open(running.url);
    raw.sendMessage('desk', ask(0));
    await desk.asked(1);
    for (let i = 0; i < 4; i++) expect((await raw.frame()).opcode).toBe(9);
    desk.requests[0]?.reply('late');
    expect(await raw.message()).toMatchObject({ data: 'late' });
    expect(running.registry.counters.closedNoPong).toBe(0);
  });

  it('do not keep the server from closing a connection', async () => {
    const desk = new Desk();
    await using running = await startEndpoint({ maxUnanswered: 1 }, { desk });
    await using raw = await RawWebSocket.open(running.url);
    raw.sendMessage('desk', ask(0));
    await desk.asked(1);
    const [client] = running.registry.clients();
    client?.close(4200, 'Bye');
    expect(await raw.close()).toEqual({ code: 4200, reason: 'Bye' });
    raw.send(8, Buffer.from([0x10, 0x68]));
    await raw.closed;
    await running.echo.until(({ gone }) => gone.length === 1);
  });
});
