import { describe, expect, it } from '@jest/globals';
import { IsNumber } from 'class-validator';
import {
  PubSubModule,
  RpcCommand,
  RpcError,
  RpcParam,
  SnorkyModule,
  SnorkyService,
} from 'snorky';
import { startApp } from '../support/servers/app.js';
import { TestSocket } from '../support/sockets/socket.js';

class SumParams {
  @IsNumber() number1!: number;
  @IsNumber() number2!: number;
}

@SnorkyService('calculator')
class Calculator {
  @RpcCommand()
  sum({ number1, number2 }: SumParams): number {
    return number1 + number2;
  }

  @RpcCommand()
  log(
    @RpcParam('number') number: number,
    @RpcParam('base') base = Math.E,
  ): number {
    if (number <= 0) throw new RpcError('number must be positive');
    return Math.log(number) / Math.log(base);
  }
}

const metadata = {
  imports: [
    SnorkyModule.forRoot({
      registries: {
        frontend: { websocket: { path: '/ws' } },
        backend: { http: { path: '/backend', key: 'swordfish' } },
      },
    }),
    PubSubModule.register(),
  ],
  providers: [Calculator],
};

describe.each(['express', 'fastify'] as const)(
  'An application on %s',
  (platform) => {
    it('answers commands over WebSocket', async () => {
      await using app = await startApp(metadata, undefined, platform);
      await using socket = await TestSocket.connect(`${app.ws}/ws`);
      expect(
        await socket.call('calculator', 'sum', { number1: 2, number2: 3 }),
      ).toEqual({
        type: 'response',
        callId: 0,
        data: 5,
      });
      expect(
        await socket.call('calculator', 'log', { number: 8, base: 2 }),
      ).toMatchObject({ data: 3 });
      expect(
        await socket.call('calculator', 'log', { number: 0 }),
      ).toMatchObject({
        type: 'error',
        message: 'number must be positive',
      });
      expect(
        await socket.call('calculator', 'sum', { number1: 2 }),
      ).toMatchObject({
        message: 'Invalid params',
      });
    });

    it('delivers what the backend publishes', async () => {
      await using app = await startApp(metadata, undefined, platform);
      await using socket = await TestSocket.connect(`${app.ws}/ws`);
      expect(
        await socket.call('pubsub', 'subscribe', { channel: 'news' }),
      ).toMatchObject({ data: null });
      const response = await fetch(`${app.http}/backend`, {
        method: 'POST',
        headers: { 'X-Backend-Key': 'swordfish' },
        body: JSON.stringify({
          service: 'pubsub_backend',
          message: {
            command: 'publish',
            params: { channel: 'news', message: 'Hi' },
          },
        }),
      });
      expect(await response.json()).toEqual({
        service: 'pubsub_backend',
        message: { type: 'response', data: null },
      });
      expect(await socket.next()).toEqual({
        service: 'pubsub',
        message: { type: 'message', channel: 'news', message: 'Hi' },
      });
    });
  },
);
