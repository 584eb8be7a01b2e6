import type { INestApplicationContext } from '@nestjs/common';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { httpAdapterOf } from './application.js';

/**
 * Serves the routes of an application on a port of loopback. It is opened with
 * the first request and closed with the client. The application's own server
 * need not listen.
 */
export class RestDoor {
  private opening: Promise<Server> | undefined;

  constructor(private readonly app: INestApplicationContext) {}

  /** Like `fetch`, for a path of the application. */
  async fetch(path: string, init: RequestInit): Promise<Response> {
    const server = await (this.opening ??= this.open());
    const { port } = server.address() as AddressInfo;
    return fetch(new URL(path, `http://127.0.0.1:${port}`), init);
  }

  close(): void {
    void this.opening?.then((server) => {
      server.close();
      server.closeAllConnections();
    });
  }

  private async open(): Promise<Server> {
    const adapter = this.checked();
    const instance = adapter.getInstance<{ ready?: () => unknown }>();
    // Fastify has its routes only after this.
    if (typeof instance.ready === 'function') await instance.ready();
    const target = adapter.getHttpServer() as Server;
    const server = createServer((request, response) => {
      target.emit('request', request, response);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    // The server does not keep the process alive: a test may forget to close
    // its client.
    server.unref();
    return server;
  }

  /** @throws Error when the application has no routes. */
  checked(): NonNullable<ReturnType<typeof httpAdapterOf>> {
    const adapter = httpAdapterOf(this.app);
    if (adapter !== undefined) return adapter;
    throw new Error(
      'client.live() asks the routes of the application, and a testing module alone has none. Make it one with createNestApplication(), and call `await app.init()`.',
    );
  }
}
