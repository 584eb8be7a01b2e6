import type { HttpAdapterHost } from '@nestjs/core';
import type { IncomingMessage } from 'node:http';
import {
  peerOf,
  type Visitor,
  type VisitorOf,
} from '../../core/admission/visitor.js';

/** What Express' and Fastify's requests tell of the visitor. */
type PlatformRequest = Partial<Visitor>;

/**
 * Who sent a request that the platform has not seen, an upgrade: exactly whom a
 * route of the application would see, by `trust proxy` of Express and
 * `trustProxy` of Fastify. The platform's own getters decide, so that no form of
 * the setting is understood in two ways. Settings that are changed later hold
 * for later requests, as they do for routes.
 */
export function platformVisitor(host: HttpAdapterHost): VisitorOf {
  let known: { readonly prototype: object | undefined } | undefined;
  return (request) => {
    // Not before it is asked for: the adapter comes after the providers.
    known ??= { prototype: requestPrototype(host) };
    return known.prototype === undefined
      ? peerOf(request)
      : visitorAs(known.prototype, request);
  };
}

/**
 * Whether the platform has a setting for proxies that cannot be followed, since
 * its request is not where it is known to be.
 */
export function hidesVisitor(host: HttpAdapterHost): boolean {
  return (
    REQUEST_PROTOTYPES.has(typeOf(host)) && requestPrototype(host) === undefined
  );
}

function visitorAs(prototype: object, request: IncomingMessage): Visitor {
  const { headers, socket } = request;
  // All that the getters read: Express' on the request itself, Fastify's on
  // `raw`. Nothing is written to the request, and no other part of it runs.
  const seen = Object.create(prototype, {
    headers: { value: headers },
    socket: { value: socket },
    raw: { value: request },
  }) as PlatformRequest;
  const { ip, ips, protocol = 'http', host, hostname } = seen;
  return {
    ip: ip ?? '',
    // Fastify has none unless it trusts a proxy.
    ips: ips ?? [],
    protocol,
    host,
    hostname,
    // Fastify has none at all.
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
 * The prototype of the requests of a Fastify instance, which its trust setting
 * is compiled into. It has no public name.
 */
function fastifyRequest(instance: unknown): unknown {
  if (typeof instance !== 'object' || instance === null) return undefined;
  const key = Object.getOwnPropertySymbols(instance).find(
    ({ description }) => description === 'fastify.Request',
  );
  return key && memberOf(memberOf(instance, key), 'prototype');
}

/** By the type of the adapter, where the prototype of its requests is. */
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
