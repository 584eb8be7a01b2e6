import type { HttpAdapterHost } from '@nestjs/core';
import type { IncomingMessage } from 'node:http';
import {
  peerOf,
  type Visitor,
  type VisitorOf,
} from '../../core/admission/visitor.js';

/** What Express' and Fastify's requests know about the visitor. */
type PlatformRequest = Partial<Visitor>;

/**
 * Who sent an upgrade request, which the platform has not seen. It is exactly
 * whom a route of the application would see, by `trust proxy` of Express and
 * `trustProxy` of Fastify. The platform's own getters decide, so that every
 * form of the setting means the same. A setting that is changed later holds for
 * later requests, as it does for routes.
 */
export function platformVisitor(host: HttpAdapterHost): VisitorOf {
  let known: { readonly prototype: object | undefined } | undefined;
  return (request) => {
    // Read at the first request: the adapter is made after the providers.
    known ??= { prototype: requestPrototype(host) };
    return known.prototype === undefined
      ? peerOf(request)
      : visitorAs(known.prototype, request);
  };
}

/**
 * Whether the platform has a setting for proxies that cannot be followed,
 * because the class of its requests is not found in its known place.
 */
export function hidesVisitor(host: HttpAdapterHost): boolean {
  return (
    REQUEST_PROTOTYPES.has(typeOf(host)) && requestPrototype(host) === undefined
  );
}

function visitorAs(prototype: object, request: IncomingMessage): Visitor {
  const { headers, socket } = request;
  // These are all members that the getters read: Express reads the request
  // itself, Fastify `raw`. Nothing is written to the request, and no other code
  // of it runs.
  const seen = Object.create(prototype, {
    headers: { value: headers },
    socket: { value: socket },
    raw: { value: request },
  }) as PlatformRequest;
  const { ip, ips, protocol = 'http', host, hostname } = seen;
  return {
    ip: ip ?? '',
    // Fastify has no `ips` unless it trusts a proxy.
    ips: ips ?? [],
    protocol,
    host,
    hostname,
    // Fastify has no `secure`.
    secure: seen.secure ?? protocol === 'https',
  };
}

function requestPrototype(host: HttpAdapterHost): object | undefined {
  const instance: unknown = host.httpAdapter?.getInstance?.();
  const find = REQUEST_PROTOTYPES.get(typeOf(host));
  const found = find?.(instance);
  return typeof found === 'object' && found !== null && 'ip' in found
    ? found
    : undefined;
}

/**
 * The prototype of a Fastify instance's requests, into which the trust setting
 * is compiled. It has no public name.
 */
function fastifyRequest(instance: unknown): unknown {
  if (typeof instance !== 'object' || instance === null) return undefined;
  const key = Object.getOwnPropertySymbols(instance).find(
    ({ description }) => description === 'fastify.Request',
  );
  return key && memberOf(memberOf(instance, key), 'prototype');
}

/** Finds the prototype of an adapter's requests, by the adapter's type. */
const REQUEST_PROTOTYPES: ReadonlyMap<
  string | undefined,
  (instance: unknown) => unknown
> = new Map([
  ['express', (app: unknown): unknown => memberOf(app, 'request')],
  ['fastify', fastifyRequest],
]);

function memberOf(value: unknown, name: string | symbol): unknown {
  return (typeof value === 'object' && value !== null) ||
    typeof value === 'function'
    ? Reflect.get(value, name)
    : undefined;
}

function typeOf(host: HttpAdapterHost): string | undefined {
  return host.httpAdapter?.getType?.();
}
