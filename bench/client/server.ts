/**
 * A server with live rows and a channel as an application would have it, with
 * nothing tuned. Arguments: port, rows, revision to begin with.
 */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { Controller, Get, type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NextFunction, Request, Response } from 'express';
import {
  BroadcastDealer,
  DataSyncModule,
  DataSyncService,
  PubSubModule,
  PubSubService,
  SnorkyModule,
  SnorkyWsAdapter,
  Subscribable,
} from 'snorky';

import {
  type Changed,
  CHANNEL,
  type Listening,
  type ServerQuestion,
} from './questions.js';
import { type Row, Rows, textOf } from './rows.js';

const [port, count, revision] = process.argv.slice(2).map(Number) as [
  number,
  number,
  number,
];
const rows = new Rows(count, revision);
let fetches = 0;

class AllRows extends BroadcastDealer {
  readonly model = 'Row';
}

@Controller('rows')
class RowsController {
  @Get()
  @Subscribable(AllRows)
  list(): Row[] {
    return rows.list();
  }
}

@Module({
  imports: [
    SnorkyModule.forRoot({
      registries: { frontend: { websocket: { path: '/ws' } } },
    }),
    PubSubModule.register(),
    DataSyncModule.register({ dealers: [AllRows] }),
  ],
  controllers: [RowsController],
})
class AppModule {}

const app = await NestFactory.create<INestApplication<Server>>(AppModule, {
  logger: ['error', 'warn'],
});
app.use((request: Request, _response: Response, next: NextFunction) => {
  if (request.headers['x-snorky'] !== undefined) fetches++;
  next();
});
app.useWebSocketAdapter(new SnorkyWsAdapter(app));
await app.listen(port, '127.0.0.1');
const listeningAt = Date.now();

const datasync = app.get(DataSyncService);
const pubsub = app.get(PubSubService);

function cpu(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

async function act(question: ServerQuestion): Promise<void> {
  if (question.type === 'change') {
    for (let i = 0; i < question.times; i++)
      await datasync.publishDeltas([rows.change()]);
  } else {
    await pubsub.broadcast(CHANNEL, question.number);
    await datasync.publishDeltas([rows.change()]);
  }
  process.send?.({
    rows: textOf(rows.list()),
    fetches,
    cpu: cpu(),
  } satisfies Changed);
}

process.on('message', (question: ServerQuestion) => void act(question));
process.on('disconnect', () => process.exit(0));
process.send?.({
  port: (app.getHttpServer().address() as AddressInfo).port,
  listeningAt,
  cpu: cpu(),
} satisfies Listening);
