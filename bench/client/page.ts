import {
  DataSync,
  liveCollection,
  type LiveCollection,
  PubSub,
  Snorky,
} from 'snorky/client';
import { WebSocket } from 'ws';

import type { Row } from './rows.js';

type Services = Readonly<{
  pubsub: typeof PubSub;
  datasync: typeof DataSync;
}>;

/** What a browser's page has: a connection, and rows that follow the server. */
export class Page {
  readonly snorky: Snorky<Services>;
  readonly rows: LiveCollection<Row>;

  /**
   * @param line The port of the WebSocket.
   * @param port The port of the routes.
   */
  constructor(line: number, port: number) {
    const services = { pubsub: PubSub, datasync: DataSync };
    this.snorky = new Snorky(WebSocket, `ws://127.0.0.1:${line}/ws`, services);
    this.rows = liveCollection<Row>(
      this.snorky.services.datasync,
      `http://127.0.0.1:${port}/rows`,
      { model: 'Row' },
    );
  }

  close(): void {
    this.rows.close();
    this.snorky.disconnect();
  }
}
