import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  BackendHost,
  RpcCommand,
  SnorkyModule,
  SnorkyService,
  SnorkyWsAdapter,
} from '../../../src/index.js';

/** Runs in a process of its own, and is told to end by a signal. */
@SnorkyService('work', { registry: 'frontend' })
class Work {
  @RpcCommand()
  async slow(): Promise<string> {
    process.send?.('running');
    await new Promise((resolve) => setTimeout(resolve, 200));
    return 'finished';
  }

  @RpcCommand()
  async stuck(): Promise<never> {
    process.send?.('running');
    return new Promise(() => {});
  }
}

@Module({
  imports: [
    SnorkyModule.forRoot({
      registries: {
        frontend: { websocket: { path: '/ws', heartbeat: 50 } },
        backend: {
          http: { path: '/backend', key: 'swordfish', listen: { port: 0 } },
        },
      },
      shutdownTimeout: 500,
    }),
  ],
  providers: [Work],
})
class Program {}

const app = await NestFactory.create(Program, {
  logger: false,
  abortOnError: false,
});
app.useWebSocketAdapter(new SnorkyWsAdapter(app));
app.enableShutdownHooks();
await app.listen(0, '127.0.0.1');
process.send?.({
  port: ((app.getHttpServer() as Server).address() as AddressInfo).port,
  backendPort: app.get(BackendHost).address('backend')?.port,
});
// The channel to the parent must not keep the process.
process.channel?.unref();
