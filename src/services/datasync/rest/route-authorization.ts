import {
  BadRequestException,
  ServiceUnavailableException,
  UnauthorizedException,
} from '@nestjs/common';
import { NotJsonError } from '../../../core/json/not-json-error.js';
import { isInstance } from '../../../core/is-instance.js';
import { brokerAnswer } from '../../../core/rpc/broker-answer.js';
import { RpcError } from '../../../core/rpc/rpc-error.js';
import type { GatewayExplorer } from '../../../nest/gateway/gateway-explorer.js';
import type { RouteRequest } from '../../../nest/gateway/route-request.js';
import { WireError } from '../../../protocol/errors.js';
import type { JsonInput } from '../../../protocol/json-input.js';
import type { AuthorizeOptions } from '../requests/authorize-options.js';
import type { DataSyncService } from '../datasync.service.js';
import type { ItemRequest } from '../tokens/authorization.js';
import type { SubscribablePlan } from './subscribable-plan.js';
import { findDealer } from './subscribable-target.js';

/** Errors that are the route's fault, not its caller's. */
const OWN_MISTAKES: ReadonlySet<unknown> = new Set([
  WireError.itemsNotAList,
  WireError.itemNotAnObject,
  WireError.missingDealer,
  WireError.dealerNotAName,
  WireError.noSuchDealer,
  WireError.missingQuery,
]);

/** A token, and when its subscription ends. */
export interface RouteToken {
  readonly token: string;
  /** Milliseconds since 1970; undefined if never. */
  readonly expiresAt: number | undefined;
}

/**
 * Authorizes the items of a route's request for the identity of its sender.
 *
 * @param who The route, for messages.
 * @throws HttpException with the answer to a request that is refused.
 */
export class RouteAuthorization {
  constructor(
    private readonly service: DataSyncService,
    private readonly gateways: GatewayExplorer | undefined,
    private readonly plan: SubscribablePlan,
    private readonly who: string,
  ) {}

  /**
   * @param renewal Whether the request renews. The handler, which might have
   *   refused, is then not called. So the token is only for the connection that
   *   has the subscription.
   */
  async authorize(
    request: RouteRequest,
    renewal: boolean,
  ): Promise<RouteToken> {
    const { service, plan, who } = this;
    try {
      const items = await plan.itemsFor(request as never);
      // A value that is no name is refused by the service.
      const named = items.map(({ dealer, query }): ItemRequest<JsonInput> => ({
        dealer:
          typeof dealer === 'function'
            ? findDealer(service, dealer, who).name
            : dealer,
        query,
      }));
      const options = await this.optionsFor(request);
      const token = await service.authorizeSubscription(
        named,
        renewal ? { ...options, renewal } : options,
      );
      return { token, expiresAt: options.expiresAt };
    } catch (error) {
      throw this.toHttp(error);
    }
  }

  private async optionsFor(
    request: RouteRequest,
  ): Promise<AuthorizeOptions & { readonly expiresAt?: number }> {
    const { plan, gateways, service } = this;
    const bearer = plan.options.bearer === true;
    const { identity, expiresAt = Infinity } =
      bearer || gateways === undefined
        ? { identity: null }
        : await gateways.identityOn(service.registry.name, request);
    const end = Math.min(expiresAt, plan.expiryFor(request as never));
    if (end <= Date.now()) {
      throw new UnauthorizedException('What this answer needs has expired');
    }
    return {
      ...(identity === null ? {} : { for: identity }),
      ...(end === Infinity ? {} : { expiresAt: end }),
    };
  }

  private toHttp(error: unknown): unknown {
    // For example `Number(request.params.id)` of a text that is no number.
    if (isInstance(error, NotJsonError) && error.kind === 'number') {
      return new BadRequestException({
        message: 'Invalid query',
        error: 'Bad Request',
        statusCode: 400,
      });
    }
    const failure = brokerAnswer(error);
    if (failure !== undefined) return unavailable(failure, error);
    if (!isInstance(error, RpcError)) return error;
    if (error.value === WireError.tooManyTokens) {
      return unavailable(error.value);
    }
    if (!OWN_MISTAKES.has(error.value)) {
      return new BadRequestException({
        message: error.value,
        error: 'Bad Request',
        statusCode: 400,
      });
    }
    const { service, who } = this;
    const names = service.$dealers.map(({ name }) => name).join(', ');
    return new Error(
      `${who} asks for a subscription that cannot be: ${error.message}. ` +
        `Give a list of { dealer, query }; service "${service.name}" has the ` +
        `dealers ${names || '(none)'}.`,
      { cause: error },
    );
  }
}

function unavailable(
  message: string,
  cause?: unknown,
): ServiceUnavailableException {
  return new ServiceUnavailableException(
    { message, error: 'Service Unavailable', statusCode: 503 },
    { cause },
  );
}
