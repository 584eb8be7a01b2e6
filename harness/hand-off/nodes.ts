import { NestFactory } from '@nestjs/core';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  DataSyncModule,
  DataSyncService,
  SnorkyModule,
  SnorkyWsAdapter,
  type Broker,
  type DataSyncOptions,
} from 'snorky';
import { AllRows, FilteredRows, RowsByGroup } from './rows.js';

/** A server that clients connect to, and a service that publishes. */
interface Node extends AsyncDisposable {
  readonly url: string;
  readonly service: DataSyncService;
}

/** An application on a broker, at a free port. */
async function startNode(
  broker: Broker,
  datasync: DataSyncOptions,
): Promise<Node> {
  const app = await NestFactory.create(
    {
      module: class HandOff {},
      imports: [
        SnorkyModule.forRoot({
          broker,
          registries: { frontend: { websocket: { path: '/ws' } } },
        }),
        DataSyncModule.register({
          dealers: [AllRows, RowsByGroup, FilteredRows],
          ...datasync,
        }),
      ],
    },
    { logger: false },
  );
  app.useWebSocketAdapter(new SnorkyWsAdapter(app));
  await app.listen(0, '127.0.0.1');
  const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${port}/ws`,
    service: app.get(DataSyncService),
    [Symbol.asyncDispose]: () => app.close(),
  };
}

/** An application on each broker. */
export async function startNodes(
  brokers: readonly Broker[],
  datasync: DataSyncOptions,
): Promise<AsyncDisposable & { readonly nodes: readonly Node[] }> {
  const nodes: Node[] = [];
  for (const broker of brokers) nodes.push(await startNode(broker, datasync));
  return {
    nodes,
    async [Symbol.asyncDispose]() {
      for (const node of nodes) await node[Symbol.asyncDispose]();
    },
  };
}
