import { Inject } from '@nestjs/common';
import type { MaybePromise } from '../../protocol/maybe-promise.js';
import { RpcService } from '../../core/rpc/rpc-service.js';
import { DEFAULT_BACKEND_REGISTRY } from '../../nest/setup/constants.js';
import { RpcCommand } from '../../nest/decorators/rpc-command.decorator.js';
import { RpcParam } from '../../nest/decorators/rpc-params.decorator.js';
import { SnorkyService } from '../../nest/decorators/snorky-service.decorator.js';
import type { JsonValue } from '../../protocol/json.js';
import { termsOfParams } from './requests/authorize-options.js';
import { revocationOfParams } from './requests/revoke-options.js';
import { DataSyncService } from './datasync.service.js';

/** @internal The service that this backend publishes to. */
export const DATASYNC_TARGET = Symbol('snorky:datasync');

/**
 * Lets trusted servers publish changes and authorize subscriptions. In the
 * application itself, inject `DataSyncService`, whose methods do both.
 */
@SnorkyService('datasync_backend', { registry: DEFAULT_BACKEND_REGISTRY })
export class DataSyncBackend extends RpcService {
  @Inject(DATASYNC_TARGET)
  protected readonly datasync!: DataSyncService;

  /**
   * Command. Sends changes to all who are subscribed to them. All changes are
   * checked before any is sent. Errors: `Missing field`,
   * `model must be string`, `Invalid delta type`.
   */
  @RpcCommand()
  publishDeltas(@RpcParam('deltas') deltas: JsonValue): MaybePromise<void> {
    return this.datasync.$publish(deltas);
  }

  /**
   * Command. Gives a token with which a client can acquire a subscription to
   * the items. Errors: `Missing field 'dealer'`,
   * `dealer should be a dealer name`, `No such dealer`,
   * `Missing field 'query'`, `Too many items`, `Too many tokens`, and what
   * dealers say about a query.
   *
   * With `for`, only a connection of that identity may acquire the token; null
   * is answered `Invalid params`. With `expiresAt`, the subscription ends then;
   * a time that has passed is answered `Invalid params`. With `renewal`, the
   * token can only be acquired as one that `replaces` another.
   */
  @RpcCommand()
  authorizeSubscription(
    @RpcParam('items') items: JsonValue,
    @RpcParam('for', { optional: true }) identity: JsonValue | undefined,
    @RpcParam('bearer', { optional: true }) bearer: JsonValue | undefined,
    @RpcParam('expiresAt', { optional: true }) expiresAt: JsonValue | undefined,
    @RpcParam('renewal', { optional: true }) renewal: JsonValue | undefined,
  ): MaybePromise<string> {
    const terms = termsOfParams(identity, bearer, expiresAt, renewal);
    return this.datasync.$authorize(items, terms);
  }

  /**
   * Command. Makes all clients that are subscribed to one of the models fetch
   * again. Errors: `models should be a list of model names`.
   */
  @RpcCommand()
  invalidate(@RpcParam('models') models: JsonValue): MaybePromise<void> {
    return this.datasync.$invalidate(models);
  }

  /**
   * Command. Takes subscriptions back. Give at least one parameter; a
   * subscription is taken back if all that are given are true of it. Errors:
   * `Invalid params`, `dealer should be a dealer name`, `token must be string`,
   * `No such dealer`.
   */
  @RpcCommand()
  revoke(
    @RpcParam('identity', { optional: true }) identity: JsonValue | undefined,
    @RpcParam('dealer', { optional: true }) dealer: JsonValue | undefined,
    @RpcParam('query', { optional: true }) query: JsonValue | undefined,
    @RpcParam('token', { optional: true }) token: JsonValue | undefined,
  ): MaybePromise<void> {
    return this.datasync.$revoke(
      revocationOfParams({ identity, dealer, query, token }),
    );
  }
}
