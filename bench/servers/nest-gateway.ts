/** An ordinary Nest gateway on platform-ws. Its `{event, data}` has no call id, so the data carries one. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import {
  type INestApplication,
  Module,
  UseGuards,
  UseInterceptors,
  ValidationPipe,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import {
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  type WsResponse,
} from '@nestjs/websockets';

import { serveControl } from './control.js';
import { ConnectedGuard, CountingInterceptor, SumParams } from './enhancers.js';

/** As strict as Snorky's own check: unknown properties are refused. */
const validation = new ValidationPipe({
  transform: true,
  whitelist: true,
  forbidNonWhitelisted: true,
});

@WebSocketGateway({ path: '/ws' })
class CalculatorGateway {
  @SubscribeMessage('echo')
  echo(@MessageBody() data: unknown): WsResponse<unknown> {
    return { event: 'echo', data };
  }

  @SubscribeMessage('checked')
  @UseGuards(ConnectedGuard)
  @UseInterceptors(CountingInterceptor)
  checked(
    @MessageBody('callId') callId: unknown,
    @MessageBody('params', validation) params: SumParams,
  ): WsResponse<unknown> {
    const data = params.number1 + params.number2;
    return { event: 'checked', data: { callId, data } };
  }
}

@Module({ providers: [CalculatorGateway] })
class AppModule {}

const app = await NestFactory.create<INestApplication<Server>>(AppModule, {
  logger: ['error', 'warn'],
});
app.useWebSocketAdapter(new WsAdapter(app));
await app.listen(0, '127.0.0.1');
serveControl((app.getHttpServer().address() as AddressInfo).port);
