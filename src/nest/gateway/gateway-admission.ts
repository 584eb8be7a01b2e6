import { HttpException } from '@nestjs/common';
import type { ContextId } from '@nestjs/core';
import type { IncomingMessage } from 'node:http';
import type { MaybePromise } from '../../protocol/maybe-promise.js';
import { isInstance } from '../../core/is-instance.js';
import { isError } from '../../core/log/log-line.js';
import { isPromiseLike, asPromise } from '../../core/promise-like.js';
import type { Admission, Admit } from '../../core/admission/admission.js';
import { UpgradeRefused } from '../../core/admission/upgrade-refused.js';
import type { BoundEnhancers } from '../enhancers/bound-enhancers.js';
import { filterFor, runEnhanced } from '../enhancers/enhancer-chain.js';
import { SnorkyExecutionContext } from '../enhancers/execution-context.js';
import type { UpgradeMiddleware } from '../options/snorky-options.js';
import { admissionOf, type Identification } from './identification.js';
import { toUpgradeRequest, type UpgradeRequest } from './upgrade-request.js';
import { messageOf, UpgradeResponse } from './upgrade-response.js';

/** A gateway class in the container. */
export interface GatewayPlace {
  readonly classRef: { readonly name: string; readonly prototype: object };
  /** Gives the only instance, or makes one for the connection. */
  resolve(request: object): MaybePromise<{
    readonly instance: object;
    readonly contextId?: ContextId;
  }>;
}

/**
 * Decides about upgrades with the middleware of a registry, the guards of its
 * gateway and its `identify`, in this order.
 */
export function gatewayAdmission(
  middleware: readonly UpgradeMiddleware[],
  gateway: { place: GatewayPlace; bound: BoundEnhancers } | undefined,
): Admit {
  return async (request, visitor) => {
    let refuse: (reason: unknown) => void;
    const ended = new Promise<never>((_resolve, reject) => (refuse = reject));
    // The rejection is taken here, because nobody else may ever ask for it.
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
        // The instance's own method: the instance may be a stand-in for the
        // class.
        (
          (Reflect.get(instance, 'identify') ?? identify) as typeof identify
        ).call(instance, request, response),
      );
      return admissionOf(answer as Identification, 'identify');
    } catch (error) {
      const filter = filterFor(around, error);
      if (filter === undefined) throw error;
      // A filter that answers by itself ends the response. One that returns
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
      // An async middleware rejects instead of throwing.
      if (isPromiseLike(result)) asPromise(result).catch(reject);
    } catch (error) {
      reject(error);
    }
  });
}

/**
 * The method `identify` of a gateway, whose metadata guards read. For a gateway
 * that has only guards, a function that identifies nobody.
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
  // The status by Express' convention for errors of middleware.
  const status: unknown =
    isError(error) && 'status' in error ? error.status : undefined;
  return typeof status === 'number' && status >= 400 && status < 500
    ? new UpgradeRefused(status, (error as Error).message, headers)
    : error;
}
