import { createServer, type AddressInfo } from 'node:net';
import { NestFactory } from '@nestjs/core';
import { SnorkyWsAdapter, type Broker } from 'snorky';
import { fixtureModule } from './fixture/fixture.module.js';
import type { Target } from './runner/target.js';

export const KEY = 'swordfish';

/** A fixture server of this process. */
export interface RunningFixture {
  readonly target: Target;
  stop(): Promise<void>;
}

/** Starts the fixture on free ports, over a broker or without one. */
export async function startFixture(broker?: Broker): Promise<RunningFixture> {
  const backendPort = await freePort();
  const module = fixtureModule({
    key: KEY,
    backendPort,
    ...(broker === undefined ? {} : { broker }),
  });
  const app = await NestFactory.create(module, {
    logger: false,
    abortOnError: false,
  });
  app.useWebSocketAdapter(new SnorkyWsAdapter(app));
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  return {
    target: {
      websocket: `ws://127.0.0.1:${port}`,
      backend: `http://127.0.0.1:${backendPort}`,
      key: KEY,
    },
    stop: () => app.close(),
  };
}

/** A port of the loopback interface that nobody listens on. */
export function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
