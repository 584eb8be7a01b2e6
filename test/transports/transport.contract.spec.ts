import type { INestApplicationContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { getRegistryToken, SnorkyModule, type ServiceRegistry } from 'snorky';
import { connectClient } from 'snorky/testing';
import {
  transportContract,
  type Peer,
  type Probe,
} from '../contract/transport.contract.js';
import { startApp } from '../support/servers/app.js';
import { TestSocket } from '../support/sockets/socket.js';

const moduleWith = (compression: boolean) => ({
  imports: [
    SnorkyModule.forRoot({
      registries: { frontend: { websocket: { path: '/ws', compression } } },
    }),
  ],
});

/** Not as providers, so that a test keeps the instances. */
function register(
  app: INestApplicationContext,
  services: { a: Probe; b: Probe },
): ServiceRegistry {
  const registry = app.get<ServiceRegistry>(getRegistryToken());
  registry.register('a', services.a);
  registry.register('b', services.b);
  return registry;
}

function peerOf(socket: TestSocket): Peer {
  return {
    text: (text) => socket.ws.send(text),
    next: () => socket.next(),
    get unread() {
      return socket.unread;
    },
    closed: socket.closed,
    leave: () => socket.ws.close(),
  };
}

for (const compression of [false, true]) {
  transportContract(compression ? 'A compressed WebSocket' : 'A WebSocket', {
    async start(services) {
      const app = await startApp(moduleWith(compression));
      return {
        registry: register(app.app, services),
        async connect() {
          const perMessageDeflate = compression && { threshold: 0 };
          const socket = await TestSocket.connect(`${app.ws}/ws`, {
            perMessageDeflate,
          });
          if (
            compression !== socket.ws.extensions.includes('permessage-deflate')
          ) {
            throw new Error(`Negotiated "${socket.ws.extensions}"`);
          }
          return peerOf(socket);
        },
        stop: () => app.app.close(),
      };
    },
  });
}

transportContract('A client in memory', {
  // There is no close frame.
  async start(services) {
    const app = await Test.createTestingModule(moduleWith(false)).compile();
    await app.init();
    return {
      registry: register(app, services),
      async connect() {
        const client = await connectClient(app);
        return {
          text: (text) => client.emitText(text),
          next: () => client.next(),
          get unread() {
            return client.unread;
          },
          closed: client.closed,
          leave: () => client.disconnect(),
        };
      },
      stop: () => app.close(),
    };
  },
});
