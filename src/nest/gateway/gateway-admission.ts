import { HttpException } from '@nestjs/common';
import type { ContextId } from '@nestjs/core';
import type { IncomingMessage } from 'node:http';
import type { MaybePromise } from '../../broker/ports.js';
import { isInstance } from '../../core/is-instance.js';
import { isError } from '../../core/log-line.js';
import { isPromiseLike, asPromise, disown } from '../../core/promise-like.js';
import type { JsonValue } from '../../protocol/json.js';
import type {
  Admission,
  Admit,
} from '../../transports/websocket/websocket-endpoint.js';
import { UpgradeRefused } from '../../transports/websocket/refusal.js';
import type { BoundEnhancers } from '../enhancers/bound-enhancers.js';
import { filterFor, runEnhanced } from '../enhancers/enhancer-chain.js';
import { SnorkyExecutionContext } from '../enhancers/execution-context.js';
import type { UpgradeMiddleware } from '../snorky-options.js';
import { toUpgradeRequest, type UpgradeRequest } from './upgrade-request.js';
import { messageOf, UpgradeResponse } from './upgrade-response.js';

/** An identity that holds for a limited time. */
export interface ExpiringIdentity {
  readonly identity: JsonValue;
  /** The client is closed with 4100 then. A number is milliseconds since 1970. */
  readonly expiresAt: Date | number;
}

/** What `identify` may answer; nothing stands for somebody unknown. */
export type Identification = JsonValue | ExpiringIdentity | undefined;

/** A gateway that tells who connects. */
export interface IdentifiesClient {
  /**
   * Called after the guards, before the handshake is accepted. The answer
   * becomes `client.identity`. What it throws refuses the connection: an
   * `HttpException` with its status and message, anything else with 500.
   */
  identify(request: UpgradeRequest): MaybePromise<Identification>;
}

/** A gateway class in the container. */
export interface GatewayPlace {
  readonly classRef: { readonly name: string; readonly prototype: object };
  /** The instance there is, or one for each connection. */
  resolve(request: IncomingMessage): MaybePromise<{
    readonly instance: object;
    readonly contextId?: ContextId;
  }>;
}

/**
 * Decides about upgrades as a registry's set-up says: its middleware, then the
 * guards of its gateway, then `identify`.
 */
export function gatewayAdmission(
  middleware: readonly UpgradeMiddleware[],
  gateway: { place: GatewayPlace; bound: BoundEnhancers } | undefined,
): Admit {
  return async (request, visitor) => {
    let refuse: (reason: unknown) => void;
    const ended = new Promise<never>((_resolve, reject) => (refuse = reject));
    // It rejects, or nobody ever asks.
    ended.catch(() => {});
    const response = new UpgradeResponse(request, () => refuse(ENDED));
    try {
      return await Promise.race([
        ended,
        admit(toUpgradeRequest(request, visitor, response), response),
      ]);
    } catch (error) {
      throw refusalOf(error, response);
    }
  };

  async function admit(
    request: UpgradeRequest,
    response: UpgradeResponse,
  ): Promise<Admission> {
    for (const one of middleware) await runMiddleware(one, request, response);
    if (gateway === undefined) return { identity: null };
    const { place, bound } = gateway;
    const { instance, contextId } = await place.resolve(request);
    const identify = identifyOf(place.classRef);
    const context = new SnorkyExecutionContext({
      args: [request, response],
      classRef: place.classRef,
      handler: identify,
      type: 'http',
      http: () => ({ request, response }),
    });
    const around = bound.in(contextId);
    try {
      const answer = await runEnhanced(around, context, () =>
        // The instance's own, where it stands for the class.
        (
          (Reflect.get(instance, 'identify') ?? identify) as typeof identify
        ).call(instance, request, response),
      );
      return toAdmission(answer as Identification);
    } catch (error) {
      const filter = filterFor(around, error);
      if (filter === undefined) throw error;
      // A filter that answers by itself ends the response; one that returns
      // nothing, or fails, leaves the error as it was.
      try {
        await filter(context);
      } catch (mapped) {
        if (isInstance(mapped, HttpException)) throw mapped;
      }
      throw error;
    }
  }
}

const ENDED = Symbol('ended');

function runMiddleware(
  middleware: UpgradeMiddleware,
  request: IncomingMessage,
  response: UpgradeResponse,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const next = (error?: unknown): void => {
      if (error === undefined || error === null) resolve();
      else reject(error);
    };
    try {
      const result = middleware(request, response, next);
      // One that is async rejects instead of throwing.
      if (isPromiseLike(result)) asPromise(result).catch(reject);
    } catch (error) {
      reject(error);
    }
  });
}

/**
 * The method itself where there is one, since guards read its metadata; for a
 * gateway that has guards only, something that identifies nobody.
 */
export function identifyOf({
  prototype,
}: GatewayPlace['classRef']): (...args: unknown[]) => unknown {
  const identify: unknown = Reflect.get(prototype, 'identify');
  return typeof identify === 'function'
    ? (identify as (...args: unknown[]) => unknown)
    : nobody;
}

function nobody(): null {
  return null;
}

function toAdmission(answer: Identification): Admission {
  // Claims are often untyped, and a missing one is nobody, not somebody unknown.
  if (answer === undefined) return { identity: null };
  if (!isExpiring(answer)) return { identity: answer };
  return {
    identity: (answer.identity as JsonValue | undefined) ?? null,
    expiresAt: timeOf(answer.expiresAt),
  };
}

/**
 * Refuses what is no time: a connection that ends at once, or never, because a
 * claim is missing or is a text, would be noticed late.
 */
function timeOf(expiresAt: unknown): number {
  const time = expiresAt instanceof Date ? expiresAt.getTime() : expiresAt;
  if (typeof time === 'number' && !Number.isNaN(time)) return time;
  disown(expiresAt);
  throw new TypeError(
    'identify() answered an `expiresAt` that is neither a valid Date nor a number ' +
      'of milliseconds since 1970. Where the identity does not expire, answer it alone.',
  );
}

function isExpiring(
  answer: JsonValue | ExpiringIdentity,
): answer is ExpiringIdentity {
  return (
    typeof answer === 'object' &&
    answer !== null &&
    'identity' in answer &&
    'expiresAt' in answer
  );
}

function refusalOf(error: unknown, response: UpgradeResponse): unknown {
  const headers = response.getHeaders();
  if (error === ENDED) {
    const status = response.statusCode >= 400 ? response.statusCode : 403;
    return new UpgradeRefused(
      status,
      messageOf(response.body, 'Refused'),
      headers,
    );
  }
  if (isInstance(error, HttpException)) {
    const status = Math.max(error.getStatus(), 400);
    return new UpgradeRefused(status, error.message, headers);
  }
  // Express' convention for errors of middleware.
  const status: unknown =
    isError(error) && 'status' in error ? error.status : undefined;
  return typeof status === 'number' && status >= 400 && status < 500
    ? new UpgradeRefused(status, (error as Error).message, headers)
    : error;
}
