import { describe, expect, it } from '@jest/globals';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ServiceRegistry, type WebSocketOptions } from 'snorky';
import { RawWebSocket } from '../../support/sockets/raw-websocket.js';
import { TestSocket } from '../../support/sockets/socket.js';
import { startEndpoint, type RunningEndpoint } from './endpoint.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Connects some clients, which then leave, and gives what is left of them. */
async function comeAndGo(
  { url, echo, registry }: RunningEndpoint,
  perMessageDeflate: boolean,
): Promise<WeakRef<object>[]> {
  const sockets = await Promise.all(
    Array.from({ length: 10 }, () =>
      TestSocket.connect(url, { perMessageDeflate }),
    ),
  );
  const clients = [...registry.clients()];
  for (const client of clients) client.identity = client.id;
  for (const socket of sockets) {
    socket.send('echo', 'x'.repeat(2000));
    await socket.next();
  }
  for (const [i, socket] of sockets.entries()) {
    if (i % 2 === 0) socket.ws.close();
    else socket.ws.terminate();
  }
  await echo.until(({ gone }) => gone.length === sockets.length);
  echo.gone.length = 0;
  return clients.map((client) => new WeakRef(client));
}

describe('Of clients that have gone', () => {
  it.each<[string, WebSocketOptions, boolean]>([
    ['plain', {}, false],
    ['compressed', { compression: true }, true],
  ])(
    'nothing is left, over a %s WebSocket',
    async (_what, options, deflate) => {
      await using running = await startEndpoint({
        heartbeat: 10_000,
        ...options,
      });
      const left = await comeAndGo(running, deflate);
      await using stays = await RawWebSocket.open(running.url);
      for (
        let i = 0;
        i < 100 && left.some((one) => one.deref() !== undefined);
        i++
      ) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        collectGarbage();
      }
      expect(left.filter((one) => one.deref() !== undefined)).toEqual([]);
      expect(running.registry).toBeInstanceOf(ServiceRegistry);
      expect(running.registry.clients().size).toBe(1);
      expect(stays.tcp.destroyed).toBe(false);
    },
  );
});
