import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { BackendHost, SnorkyWsAdapter, type Broker } from 'snorky';
import { fixtureModule } from './fixture/fixture.module.js';
import type { Target } from './runner/target.js';

export const KEY = 'swordfish';

/** A fixture server of this process. */
export interface RunningFixture {
  readonly target: Target;
  stop(): Promise<void>;
}

export interface StartOptions {
  /** The broker of the application; one in memory by default. */
  readonly broker?: Broker;
  /** Told of the application before it starts. */
  readonly prepare?: (app: INestApplication) => void;
}

/** Starts the fixture on free ports. */
export async function startFixture(
  options: StartOptions = {},
): Promise<RunningFixture> {
  const { broker, prepare } = options;
  const module = fixtureModule({
    key: KEY,
    backendPort: 0,
    ...(broker === undefined ? {} : { broker }),
  });
  const app = await NestFactory.create(module, {
    logger: false,
    abortOnError: false,
  });
  app.useWebSocketAdapter(new SnorkyWsAdapter(app));
  prepare?.(app);
  await app.listen(0, '127.0.0.1');
  return { target: targetOf(app), stop: () => app.close() };
}

/** Where an application with the fixture listens. */
export function targetOf(app: INestApplication): Target {
  const server = app.getHttpServer() as Server;
  const { port } = server.address() as AddressInfo;
  const backend = app.get(BackendHost).address('backend');
  return {
    websocket: `ws://127.0.0.1:${port}`,
    backend: `http://127.0.0.1:${backend?.port ?? port}`,
    key: KEY,
  };
}
