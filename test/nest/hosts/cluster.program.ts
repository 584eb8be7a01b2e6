import 'reflect-metadata';
import { Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import {
  MemoryBroker,
  PubSubModule,
  SnorkyModule,
  SnorkyWsAdapter,
} from 'snorky';

/** How many workers there are, and whether their broker is a shared one. */
const { workers, shared } = JSON.parse(process.argv[2] ?? '{}') as {
  workers: number;
  shared: boolean;
};

class SharedBroker extends MemoryBroker {
  override readonly shared: boolean = true;
}

async function serve(): Promise<void> {
  @Module({
    imports: [
      SnorkyModule.forRoot({
        registries: { frontend: { websocket: { path: '/ws' } } },
        ...(shared && { broker: new SharedBroker() }),
      }),
      PubSubModule.register(),
    ],
  })
  class Program {}
  const warnings: string[] = [];
  const app = await NestFactory.create(Program, {
    logger: {
      log() {},
      error() {},
      warn: (line: string) => void warnings.push(line),
    },
  });
  app.useWebSocketAdapter(new SnorkyWsAdapter(app));
  await app.listen(0, '127.0.0.1');
  process.send?.(warnings);
  await once(process, 'message');
  await app.close();
  cluster.worker?.disconnect();
}

async function lead(): Promise<void> {
  const forked: Worker[] = [];
  const warnings: unknown[] = [];
  while (forked.length < workers) {
    const worker = cluster.fork();
    forked.push(worker);
    const [own] = (await once(worker, 'message')) as [unknown];
    warnings.push(own);
  }
  await Promise.all(
    forked.map((worker) => {
      worker.send('end');
      return once(worker, 'exit');
    }),
  );
  console.log(JSON.stringify(warnings));
}

if (cluster.isPrimary) await lead();
else await serve().catch((error: unknown) => Logger.error(error));
