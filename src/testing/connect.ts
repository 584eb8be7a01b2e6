import type { INestApplicationContext } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { DEFAULT_REGISTRY } from '../nest/setup/constants.js';
import { GatewayExplorer } from '../nest/gateway/gateway-explorer.js';
import { platformVisitor } from '../nest/hosts/platform-visitor.js';
import { ResolvedOptions } from '../nest/options/resolved-options.js';
import type { JsonValue } from '../protocol/json.js';
import type { IdentityInput } from '../protocol/snorky-types.js';
import {
  admit,
  assertNotClosed,
  NOBODY,
  type Admission,
} from '../core/admission/admission.js';
import type { Visitor, VisitorOf } from '../core/admission/visitor.js';
import {
  offeredSubprotocols,
  selectSubprotocol,
} from '../transports/websocket/subprotocols.js';
import { registryOf } from './application.js';
import { RestDoor } from './rest-door.js';
import { frozenJson } from '../core/json/frozen-json.js';
import { TestClient } from './test-client.js';

/** Who connects, and how. */
export interface ConnectOptions {
  /** @default 'frontend' */
  readonly registry?: string;
  /**
   * The path of the endpoint; it may have a query. @default the registry's
   * first
   */
  readonly url?: string;
  /** Headers of the upgrade request; their names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * The address of the peer. If the application trusts a proxy, an
   * `X-Forwarded-For` among `headers` counts instead. @default '127.0.0.1'
   */
  readonly remoteAddress?: string;
  /**
   * The subprotocols offered to the endpoint. `client.handshake` has the one
   * that it selects.
   * @default none
   */
  readonly subprotocols?: readonly string[];
  /**
   * The identity of the client. If it is given, the registry's middleware,
   * guards and `identify` do not run.
   */
  readonly identity?: IdentityInput;
}

/**
 * Connects a client in memory to an initialized application: no port is opened.
 * Middleware, guards and `identify` of the registry run as on a real upgrade.
 *
 * Rejects with `UpgradeRefused`, which has `status` and `message`, when one of
 * them refuses. Rejects with an `Error` that says what to do when the
 * application is not initialized, or has no such registry.
 *
 * @example
 * const testing = await Test.createTestingModule({ imports: [AppModule] }).compile();
 * await testing.init();
 * await using client = await connectClient(testing);
 * expect(await client.call('calculator', 'sum', { number1: 2, number2: 3 })).toBe(5);
 */
export async function connectClient(
  app: INestApplicationContext,
  options: ConnectOptions = {},
): Promise<TestClient> {
  const name = options.registry ?? DEFAULT_REGISTRY;
  const registry = registryOf(app, name);
  const request = upgradeRequest(app, name, options);
  const visitor = visitorIn(app)(request);
  const mark = registry.$everywhere.mark();
  const admission: Admission =
    options.identity === undefined
      ? await admissionTo(app, name, request, visitor)
      : { identity: options.identity as JsonValue };
  const identity = frozenJson(admission.identity, 'identity');
  assertNotClosed(registry, identity, mark);
  const subprotocol = selectSubprotocol(
    endpointOf(app, name)?.options.subprotocol,
    offeredSubprotocols(request),
    request,
  );
  const handshake = {
    headers: request.headers,
    url: request.url ?? '/',
    remoteAddress: request.socket.remoteAddress,
    ip: visitor.ip,
    ...(subprotocol === undefined ? {} : { subprotocol }),
  };
  const client = new TestClient(registry, handshake, new RestDoor(app));
  admit(registry, client, admission);
  return client;
}

function upgradeRequest(
  app: INestApplicationContext,
  registry: string,
  options: ConnectOptions,
): IncomingMessage {
  const socket = new Socket();
  Object.defineProperty(socket, 'remoteAddress', {
    value: options.remoteAddress ?? '127.0.0.1',
  });
  const request = new IncomingMessage(socket);
  request.method = 'GET';
  request.url = options.url ?? endpointOf(app, registry)?.path ?? '/';
  Object.assign(request.headers, { host: 'localhost' }, options.headers);
  if (options.subprotocols !== undefined) {
    request.headers['sec-websocket-protocol'] = options.subprotocols.join(', ');
  }
  return request;
}

/** The visitor as the application's routes see it, if it has routes. */
function visitorIn(app: INestApplicationContext): VisitorOf {
  return platformVisitor(app.get(HttpAdapterHost, { strict: false }));
}

function endpointOf(
  app: INestApplicationContext,
  registry: string,
): ResolvedOptions['endpoints'][number] | undefined {
  return app
    .get(ResolvedOptions, { strict: false })
    .endpoints.find((endpoint) => endpoint.registry === registry);
}

async function admissionTo(
  app: INestApplicationContext,
  registry: string,
  request: IncomingMessage,
  visitor: Visitor,
): Promise<Admission> {
  const decide = app
    .get(GatewayExplorer, { strict: false })
    .admissionFor(registry, endpointOf(app, registry)?.options ?? {});
  return (await decide?.(request, visitor)) ?? NOBODY;
}
