/** A DataSync server as an application would have it, with nothing tuned. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';

import { type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  BroadcastDealer,
  DataSyncModule,
  type JsonValue,
  SimpleDealer,
  SnorkyModule,
  SnorkyWsAdapter,
} from 'snorky';

export const KEY = 'swordfish';

interface Reading {
  readonly key: JsonValue;
}

class ReadingsByKey extends SimpleDealer<Reading> {
  readonly model = 'Reading';

  getKeyForModel(reading: Reading): JsonValue {
    return reading.key;
  }
}

class AllEvents extends BroadcastDealer {
  readonly model = 'Event';
}

@Module({
  imports: [
    SnorkyModule.forRoot({
      registries: {
        frontend: { websocket: { path: '/ws' } },
        backend: { http: { path: '/backend', key: KEY } },
      },
    }),
    DataSyncModule.register({ dealers: [ReadingsByKey, AllEvents] }),
  ],
})
class AppModule {}

const app = await NestFactory.create<INestApplication<Server>>(AppModule, {
  logger: ['error', 'warn'],
});
app.useWebSocketAdapter(new SnorkyWsAdapter(app));
await app.listen(0, '127.0.0.1');

const delays = monitorEventLoopDelay({ resolution: 5 });
delays.enable();
process.on('message', ({ type }: { type: 'reset' | 'report' }) => {
  const { user, system } = process.cpuUsage();
  process.send?.({ loop: delays.max / 1e6, cpu: user + system });
  if (type === 'reset') delays.reset();
});
process.on('disconnect', () => process.exit(0));
process.send?.({ port: (app.getHttpServer().address() as AddressInfo).port });
