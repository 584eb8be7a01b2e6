/** Snorky as its README shows it, with nothing tuned. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import {
  type INestApplication,
  Module,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  type JsonObject,
  PubSubModule,
  RpcCommand,
  SnorkyModule,
  SnorkyService,
  SnorkyWsAdapter,
} from 'snorky';

import { serveControl } from './control.js';
import { ConnectedGuard, CountingInterceptor, SumParams } from './enhancers.js';

@SnorkyService('calculator')
class Calculator {
  @RpcCommand({ unchecked: true })
  echo(params: JsonObject): JsonObject {
    return params;
  }

  @RpcCommand()
  @UseGuards(ConnectedGuard)
  @UseInterceptors(CountingInterceptor)
  checked({ number1, number2 }: SumParams): number {
    return number1 + number2;
  }
}

@Module({
  imports: [
    SnorkyModule.forRoot({
      registries: { frontend: { websocket: { path: '/ws' } } },
    }),
    PubSubModule.register(),
  ],
  providers: [Calculator],
})
class AppModule {}

const app = await NestFactory.create<INestApplication<Server>>(AppModule, {
  logger: ['error', 'warn'],
});
app.useWebSocketAdapter(new SnorkyWsAdapter(app));
await app.listen(0, '127.0.0.1');
serveControl((app.getHttpServer().address() as AddressInfo).port);
