import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { speak } from '../../support/sockets/http.js';
import { RawWebSocket } from '../../support/sockets/raw-websocket.js';
import { TestSocket } from '../../support/sockets/socket.js';
import { startEndpoint, type RunningEndpoint } from './endpoint.js';

async function shake(
  { url }: RunningEndpoint,
  headers: Record<string, string>,
): Promise<{ status: number; headers: Readonly<Record<string, string>> }> {
  const { raw, answer } = await RawWebSocket.handshake(url, { headers });
  await using _ = raw;
  return answer;
}

describe('The opening handshake', () => {
  it.each(['13', '8'])('is accepted in version %s', async (version) => {
    await using running = await startEndpoint();
    await using raw = await RawWebSocket.open(running.url, {
      headers: { 'Sec-WebSocket-Version': version },
    });
    raw.sendMessage('echo', 1);
    expect(await raw.message()).toBe(1);
  });

  it.each(['7', '12', '14', '0', '', 'x', '13, 8'])(
    'is refused in version "%s", naming those that are spoken',
    async (version) => {
      await using running = await startEndpoint();
      const { status, headers } = await shake(running, {
        'Sec-WebSocket-Version': version,
      });
      expect([status, headers['sec-websocket-version']]).toEqual([
        400,
        '13, 8',
      ]);
      expect(running.registry.counters).toMatchObject({
        accepted: 0,
        connections: 0,
      });
    },
  );

  it.each(['', 'short', 'dGhlIHNhbXBsZSBub25jZQ'])(
    'is refused with the key "%s"',
    async (key) => {
      await using running = await startEndpoint();
      expect((await shake(running, { 'Sec-WebSocket-Key': key })).status).toBe(
        400,
      );
    },
  );

  it('is refused by another method than GET', async () => {
    await using running = await startEndpoint();
    const heard = await speak(
      Number(new URL(running.url).port),
      'POST / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    expect(heard).toMatch(/^HTTP\/1\.1 405 /);
  });

  it.each(['Content-Length: 4', 'Transfer-Encoding: chunked'])(
    'is refused with a body (%s)',
    async (header) => {
      await using running = await startEndpoint();
      const heard = await speak(
        Number(new URL(running.url).port),
        'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
          'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n' +
          `${header}\r\n\r\n`,
      );
      expect(heard).toMatch(/^HTTP\/1\.1 400 /);
      expect(heard).toContain('An upgrade request has no body');
      expect(running.registry.counters.connections).toBe(0);
    },
  );

  it('proves that the request was understood', async () => {
    await using running = await startEndpoint();
    const key = 'AQIDBAUGBwgJCgsMDQ4PEA==';
    const { status, headers } = await shake(running, {
      'Sec-WebSocket-Key': key,
    });
    const proof = createHash('sha1').update(
      `${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`,
    );
    expect(status).toBe(101);
    expect(headers['sec-websocket-accept']).toBe(proof.digest('base64'));
  });

  it('selects no subprotocol and no extension, whatever is offered', async () => {
    await using running = await startEndpoint();
    const { status, headers } = await shake(running, {
      'Sec-WebSocket-Protocol': 'snorky, graphql-ws',
      'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits',
    });
    expect(status).toBe(101);
    expect(headers).not.toHaveProperty('sec-websocket-protocol');
    expect(headers).not.toHaveProperty('sec-websocket-extensions');
  });

  it('is followed by silence until the client speaks', async () => {
    await using running = await startEndpoint();
    await using raw = await RawWebSocket.open(running.url);
    raw.sendMessage('echo', 'first');
    expect(await raw.message()).toBe('first');
  });

  it('is refused with 503 beyond maxConnections, until somebody leaves', async () => {
    await using running = await startEndpoint({ maxConnections: 2 });
    await using first = await TestSocket.connect(running.url);
    await using second = await TestSocket.connect(running.url);
    expect((await shake(running, {})).status).toBe(503);
    first.ws.terminate();
    await running.echo.until(({ gone }) => gone.length === 1);
    await using third = await TestSocket.connect(running.url);
    third.send('echo', 3);
    second.send('echo', 2);
    expect(await third.next()).toEqual({ service: 'echo', message: 3 });
    expect(await second.next()).toEqual({ service: 'echo', message: 2 });
    expect(running.registry.counters).toMatchObject({
      accepted: 3,
      refused: 1,
      connections: 2,
    });
  });
});
