import type { INestApplication, ModuleMetadata } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import type { AddressInfo } from 'node:net';
import { SnorkyWsAdapter } from 'snorky';

export type Platform = 'express' | 'fastify';

/** An application on a free port, closed by `await using`. */
export interface RunningApp extends AsyncDisposable {
  readonly app: INestApplication;
  readonly port: number;
  readonly ws: string;
  readonly http: string;
}

/** Starts an application made of the given module. */
export async function startApp(
  metadata: ModuleMetadata,
  prepare: (app: INestApplication) => void = () => {},
  platform: Platform | FastifyAdapter = 'express',
): Promise<RunningApp> {
  const testing = await Test.createTestingModule(metadata).compile();
  const options = { logger: false as const };
  const app =
    platform === 'express'
      ? testing.createNestApplication(options)
      : testing.createNestApplication(
          platform === 'fastify' ? new FastifyAdapter() : platform,
          options,
        );
  app.useWebSocketAdapter(new SnorkyWsAdapter(app));
  prepare(app);
  await app.listen(0, '127.0.0.1');
  const { port } = (
    app.getHttpServer() as { address(): AddressInfo }
  ).address();
  return {
    app,
    port,
    ws: `ws://127.0.0.1:${port}`,
    http: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () => app.close(),
  };
}
