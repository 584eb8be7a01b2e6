import { describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { Opcode, RawWebSocket } from '../../support/sockets/raw-websocket.js';
import { TestSocket } from '../../support/sockets/socket.js';
import { startEndpoint, type RunningEndpoint } from './endpoint.js';

const deflating = ({ url }: RunningEndpoint) =>
  TestSocket.connect(url, { perMessageDeflate: { threshold: 0 } });
const plain = ({ url }: RunningEndpoint) => TestSocket.connect(url);

/** Random, so that deflating does not make it smaller. */
const noise = (bytes: number): string => randomBytes(bytes / 2).toString('hex');

describe('Compression', () => {
  it('is negotiated only where the endpoint has it', async () => {
    await using off = await startEndpoint();
    await using on = await startEndpoint({ compression: true });
    await using withOff = await deflating(off);
    await using withOn = await deflating(on);
    await using unasked = await plain(on);
    expect(withOff.ws.extensions).toBe('');
    expect(withOn.ws.extensions).toContain('permessage-deflate');
    expect(unasked.ws.extensions).toBe('');
    for (const socket of [withOff, withOn, unasked]) {
      socket.send('echo', 'ñ'.repeat(3000));
      expect(await socket.next()).toEqual({
        service: 'echo',
        message: 'ñ'.repeat(3000),
      });
    }
  });

  it('makes large messages small on the wire', async () => {
    await using running = await startEndpoint({ compression: true });
    await using raw = await RawWebSocket.open(running.url, {
      headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate' },
    });
    raw.sendMessage('echo', 'a'.repeat(100_000));
    const frame = await raw.frame();
    expect([frame.fin, frame.rsv1, frame.opcode]).toEqual([
      true,
      true,
      Opcode.text,
    ]);
    expect(frame.payload.length).toBeLessThan(1000);
  });

  it('keeps messages of all sizes in order, in both directions', async () => {
    await using running = await startEndpoint({
      compression: { threshold: 100 },
    });
    await using socket = await deflating(running);
    const sizes = Array.from({ length: 300 }, (_, i) =>
      i % 7 === 0 ? 200_000 : (i * 37) % 3000,
    );
    for (const [i, size] of sizes.entries())
      socket.send('echo', `${i} ${'x'.repeat(size)}`);
    for (const [i, size] of sizes.entries()) {
      const { message } = (await socket.next()) as { message: string };
      expect([message.split(' ')[0], message.length]).toEqual([
        String(i),
        String(i).length + 1 + size,
      ]);
    }
  });

  it('delivers the same fan-out, in the same order, to clients with and without it', async () => {
    await using running = await startEndpoint({ compression: true });
    const sockets = [
      await deflating(running),
      await plain(running),
      await deflating(running),
      await plain(running),
    ];
    const clients = running.registry.clients();
    const messages = Array.from({ length: 100 }, (_, i) => ({
      i,
      text: 'é'.repeat((i * 97) % 5000),
    }));
    for (const message of messages) {
      running.echo.notify(clients, message);
      if (message.i % 10 === 9) await new Promise(setImmediate);
    }
    for (const socket of sockets) {
      for (const message of messages) {
        expect(await socket.next()).toEqual({ service: 'echo', message });
      }
      socket.ws.terminate();
    }
  });

  it('has what is queued sent before the connection is closed', async () => {
    await using running = await startEndpoint({ compression: true });
    await using socket = await deflating(running);
    const [client] = running.registry.clients();
    for (let i = 0; i < 50; i++)
      client?.send({ service: 'echo', message: `${i}${noise(10_000)}` });
    client?.close(4200, 'Bye');
    expect(await socket.closed).toEqual({ code: 4200, reason: 'Bye' });
    expect(socket.unread.length).toBe(50);
  });

  it('leaves a slow client its bound', async () => {
    await using running = await startEndpoint({
      compression: true,
      maxWaiting: 64 * 1024,
      maxBurst: 64 * 1024,
    });
    await using slow = await deflating(running);
    await using reading = await deflating(running);
    slow.ws.pause();
    const { counters } = running.registry;
    const text = noise(60_000);
    let delivered = 0;
    const limit = 2000;
    while (counters.closedSlow === 0 && delivered < limit) {
      running.echo.notify(running.registry.clients(), text);
      delivered++;
      // The one that reads sets the pace.
      await reading.next();
    }
    expect(counters.closedSlow).toBe(1);
    reading.send('echo', 'still served');
    expect(await reading.next()).toMatchObject({ message: 'still served' });
    await running.echo.until(({ gone }) => gone.length === 1);
    slow.ws.resume();
    expect([1006, 4001]).toContain((await slow.closed).code);
  }, 30_000);

  it('lets a client that reads have a burst far beyond the bound', async () => {
    await using running = await startEndpoint({
      compression: true,
      maxWaiting: 64 * 1024,
    });
    await using socket = await deflating(running);
    const text = noise(10_000);
    for (let i = 0; i < 500; i++)
      running.echo.notify(running.registry.clients(), text);
    for (let i = 0; i < 500; i++)
      expect(await socket.next()).toMatchObject({ message: text });
    expect(running.registry.counters.closedSlow).toBe(0);
  }, 20_000);

  it('does not carry small messages that are larger than maxPayload inside', async () => {
    await using running = await startEndpoint({
      compression: true,
      maxPayload: 10_000,
    });
    await using raw = await RawWebSocket.open(running.url, {
      headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate' },
    });
    const bomb = deflateRawSync(Buffer.alloc(5_000_000, ' '));
    expect(bomb.length).toBeLessThan(10_000);
    raw.send(Opcode.text, bomb, { rsv1: true });
    expect((await raw.close()).code).toBe(1009);
  });

  it('cuts the connection for text that is no UTF-8 inside', async () => {
    await using running = await startEndpoint({ compression: true });
    await using raw = await RawWebSocket.open(running.url, {
      headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate' },
    });
    raw.send(Opcode.text, deflateRawSync(Buffer.from([0xff, 0xfe])), {
      rsv1: true,
    });
    expect((await raw.rest()).length).toBe(0);
  });

  it('closes with 1007 for what is no compressed data', async () => {
    await using running = await startEndpoint({ compression: true });
    await using raw = await RawWebSocket.open(running.url, {
      headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate' },
    });
    raw.send(Opcode.text, Buffer.from([0xff, 0xff, 0xff, 0xff]), {
      rsv1: true,
    });
    expect((await raw.close()).code).toBe(1007);
  });
});
