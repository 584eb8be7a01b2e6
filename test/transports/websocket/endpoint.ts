import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  Service,
  ServiceRegistry,
  type Client,
  type JsonValue,
  type WebSocketOptions,
} from 'snorky';
import { WebSocketEndpoint } from '../../../src/transports/websocket/websocket-endpoint.js';

/** Sends back what it gets, and tells tests what happens. */
export class Echo extends Service {
  readonly got: JsonValue[] = [];
  readonly gone: Client[] = [];
  private told: (() => void)[] = [];

  processMessageFrom(client: Client, message: JsonValue): void {
    this.got.push(message);
    this.tell();
    this.sendMessageTo(client, message);
  }

  override onClientDisconnected(client: Client): void {
    this.gone.push(client);
    this.tell();
  }

  /** Settles when something holds, looked at after each event. */
  async until(holds: (echo: this) => boolean): Promise<void> {
    while (!holds(this)) {
      await new Promise<void>((resolve) => this.told.push(resolve));
    }
  }

  private tell(): void {
    for (const tell of this.told.splice(0)) tell();
  }
}

/** An endpoint on a server of its own, without Nest. */
export interface RunningEndpoint extends AsyncDisposable {
  readonly endpoint: WebSocketEndpoint;
  readonly registry: ServiceRegistry;
  readonly echo: Echo;
  readonly url: string;
}

/** Starts one whose registry has a service `echo`, and more if wanted. */
export async function startEndpoint(
  options: WebSocketOptions = {},
  services: Readonly<Record<string, Service>> = {},
): Promise<RunningEndpoint> {
  const registry = new ServiceRegistry('test');
  const echo = new Echo();
  registry.register('echo', echo);
  for (const [name, service] of Object.entries(services)) {
    registry.register(name, service);
  }
  const endpoint = new WebSocketEndpoint(registry, options);
  const server = createServer();
  server.on('upgrade', (request, socket, head) => {
    endpoint.upgrade(request, socket, head);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    endpoint,
    registry,
    echo,
    url: `ws://127.0.0.1:${port}/`,
    async [Symbol.asyncDispose]() {
      await endpoint.close(0);
      server.close();
      await once(server, 'close');
    },
  };
}
