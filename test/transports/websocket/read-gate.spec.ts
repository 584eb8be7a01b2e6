import { describe, expect, it } from '@jest/globals';
import { RpcService, type RpcRequest } from 'snorky';
import type { Command } from '../../../src/core/rpc/command.js';
import { TestSocket } from '../../support/sockets/socket.js';
import { startEndpoint } from './endpoint.js';

/** Keeps what it is asked until a test answers. */
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

  async asked(count: number): Promise<void> {
    while (this.requests.length < count) {
      await new Promise<void>((resolve) => this.told.push(resolve));
    }
  }
}

const ask = (callId: number, text = '') => ({
  command: 'ask',
  params: { text },
  callId,
});

describe('A socket that is not read for a while', () => {
  it('is read again when what was answered in one turn has been taken', async () => {
    const desk = new Desk();
    const options = {
      maxUnanswered: 3,
      maxWaiting: 100_000,
      stallTimeout: 1500,
    };
    await using running = await startEndpoint(options, { desk });
    await using socket = await TestSocket.connect(running.url);
    for (let id = 0; id < 3; id++) socket.send('desk', ask(id));
    await desk.asked(3);
    const [client] = running.registry.clients();
    // Both bounds at once: unanswered requests, and far more output than waits.
    for (let n = 0; n < 80; n++) {
      client?.send({ service: 'echo', message: 'x'.repeat(100_000) });
    }
    for (const request of desk.requests) request.reply();
    for (let n = 0; n < 83; n++) await socket.next();
    socket.send('echo', 'still here');
    expect(await socket.next()).toEqual({
      service: 'echo',
      message: 'still here',
    });
    expect(running.registry.counters.closedSlow).toBe(0);
  });

  it('is one whose unanswered requests took too many bytes', async () => {
    const desk = new Desk();
    const options = { maxUnansweredBytes: 200_000 };
    await using running = await startEndpoint(options, { desk });
    await using socket = await TestSocket.connect(running.url);
    await using other = await TestSocket.connect(running.url);
    const text = 'x'.repeat(90_000);
    for (let id = 0; id < 40; id++) socket.send('desk', ask(id, text));
    await desk.asked(3);
    for (let n = 0; n < 20; n++) {
      other.send('echo', n);
      await other.next();
    }
    // One read of the socket may still have been on its way.
    expect(desk.requests.length).toBeLessThan(10);
    for (let id = 0; id < 40; id++) {
      await desk.asked(id + 1);
      desk.requests[id]?.reply(id);
      expect(await socket.next()).toMatchObject({ message: { callId: id } });
    }
  });
});
