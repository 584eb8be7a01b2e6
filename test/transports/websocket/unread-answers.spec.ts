import { describe, expect, it } from '@jest/globals';
import { RpcService } from 'snorky';
import type { Command } from '../../../src/core/rpc/command.js';
import type { WebSocketClient } from '../../../src/transports/websocket/websocket-client.js';
import { TestSocket } from '../../support/sockets/socket.js';
import { unchanging } from '../../support/waiting/turns.js';
import { startEndpoint } from './endpoint.js';

const KB = 1024;

/** Answers with so many characters, and counts how often it was asked. */
class Printer extends RpcService {
  calls = 0;

  constructor(private readonly size: number) {
    super();
    const print: Command = {
      async: false,
      staged: false,
      invoke: () => {
        this.calls++;
        return 'x'.repeat(this.size);
      },
    };
    this.installCommands(new Map([['print', print]]));
  }
}

const CALLS = 20_000;

function pipeline(socket: TestSocket): void {
  for (let callId = 0; callId < CALLS; callId++) {
    socket.send('printer', { command: 'print', params: {}, callId });
  }
}

describe('A client that does not read its answers', () => {
  it('is not asked for more than it could be sent, and closed as slow', async () => {
    const printer = new Printer(3 * KB);
    const settings = { stallTimeout: 300 };
    await using running = await startEndpoint(settings, { printer });
    await using socket = await TestSocket.connect(running.url);
    socket.ws.pause();
    pipeline(socket);
    while (running.registry.counters.closedSlow === 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    // The bound of 1 MiB, one read of the socket, and what sockets buffer.
    expect(printer.calls * 3 * KB).toBeLessThan(16 * KB * KB);
    socket.ws.resume();
    expect(await socket.closed).toMatchObject({ code: 4001 });
  });

  it('gets all of them, in order, once it reads', async () => {
    const printer = new Printer(3 * KB);
    await using running = await startEndpoint({}, { printer });
    await using socket = await TestSocket.connect(running.url);
    socket.ws.pause();
    pipeline(socket);
    const [client] = running.registry.clients();
    const { outbox } = client as WebSocketClient;
    while (outbox.bytes <= KB * KB) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    // It is not read any more, though there are calls to read.
    expect(await unchanging(() => printer.calls)).toBeLessThan(CALLS);
    expect(outbox.bytes).toBeGreaterThan(KB * KB);
    socket.ws.resume();
    for (let callId = 0; callId < CALLS; callId++) {
      expect(await socket.next()).toMatchObject({ message: { callId } });
    }
    expect(running.registry.counters.closedSlow).toBe(0);
  });
});

describe('A request', () => {
  it.each(['1e999', '-1e999'])(
    'with the call id %s is answered',
    async (id) => {
      await using running = await startEndpoint(
        {},
        { printer: new Printer(1) },
      );
      await using socket = await TestSocket.connect(running.url);
      const call = `{"command":"print","params":{},"callId":${id}}`;
      socket.ws.send(`{"service":"printer","message":${call}}`);
      expect(await socket.next()).toEqual({
        service: 'printer',
        message: { type: 'response', callId: null, data: 'x' },
      });
    },
  );
});
