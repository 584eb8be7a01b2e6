import type { Client } from '../../core/clients/client.js';
import { frozenJson } from '../../core/json/frozen-json.js';
import { whenReady } from '../../core/promise-like.js';
import type { RpcRequest } from '../../core/rpc/rpc-request.js';
import { RpcCommand } from '../../nest/decorators/rpc-command.decorator.js';
import {
  ConnectedClient,
  CurrentRequest,
  RpcParam,
} from '../../nest/decorators/rpc-params.decorator.js';
import { SnorkyService } from '../../nest/decorators/snorky-service.decorator.js';
import type { JsonInput } from '../../protocol/json-input.js';
import type { JsonValue } from '../../protocol/json.js';
import type { MaybePromise } from '../../protocol/maybe-promise.js';
import type { DeltaInput, ModelName } from '../../protocol/snorky-types.js';
import { DataSyncLifecycle } from './datasync-lifecycle.js';
import type { Dealer } from './dealers/dealer.js';
import { publicationOf } from './models/publication.js';
import { acquisitionOf, tokenOf } from './requests/acquire-params.js';
import {
  termsOf,
  type AuthorizeOptions,
} from './requests/authorize-options.js';
import { modelNamesOf } from './requests/invalidate-params.js';
import { revocationOf, type RevokeOptions } from './requests/revoke-options.js';
import type {
  AuthorizationTerms,
  ItemRequest,
} from './tokens/authorization.js';
import type { RevocationTerms } from './tokens/revocation.js';

/**
 * Live data: clients that were authorized for parts of the application's data
 * hear of every change to them, once and in the order of the log.
 *
 * The application publishes deltas and authorizes subscriptions, through the
 * backend service or in process. Dealers decide who hears of which change.
 */
@SnorkyService('datasync')
export class DataSyncService extends DataSyncLifecycle {
  // For clients

  /**
   * Command. With `resume: true`, the client gets everything after `since`, and
   * the token can be acquired again on another connection. With `replaces`, the
   * token takes the place of one that the connection has. Errors:
   * `token must be string`, `No such subscription`, `Subscription expired`,
   * `Too many subscriptions`.
   */
  @RpcCommand()
  acquireSubscription(
    @RpcParam('token') token: JsonValue,
    @RpcParam('resume', { optional: true }) resume: JsonValue | undefined,
    @RpcParam('since', { optional: true }) since: JsonValue | undefined,
    @RpcParam('replaces', { optional: true }) replaces: JsonValue | undefined,
    @CurrentRequest() request: RpcRequest,
  ): MaybePromise<void> {
    const params = { token, resume, since, replaces };
    const { client } = request;
    const acquisition = acquisitionOf(params, client);
    return this.$inTurn(client, ({ desk }) =>
      desk.acquire({
        ...acquisition,
        answer: (result) => request.reply(result),
      }),
    );
  }

  /** Command. Errors: `token must be string`, `No such subscription`. */
  @RpcCommand()
  cancelSubscription(
    @RpcParam('token') token: JsonValue,
    @ConnectedClient() client: Client,
  ): MaybePromise<void> {
    const text = tokenOf(token);
    return this.$inTurn(client, ({ desk }) => desk.cancel(text, client));
  }

  // For the application

  /**
   * Publishes a batch of changes: one entry of the log. Call it after the
   * transaction has been committed. Deltas of models without a dealer are
   * ignored.
   *
   * The rules of rows' classes, or of the option `models`, are applied to rows.
   * The batch is not refused because of one row. If JSON cannot express a row,
   * or its model has a `key` and no page could apply the change, all clients
   * that follow the model fetch again (`invalidate`), and the other deltas are
   * published.
   *
   * Settles when the deltas are queued for all subscribers of this node.
   *
   * @throws RpcError when one of them is no delta; nothing is published then.
   */
  publishDeltas(deltas: readonly DeltaInput[]): MaybePromise<void> {
    return this.$publish(deltas, false);
  }

  /**
   * Gives a token with which a client can acquire a subscription. The token is
   * a secret: anybody who has it can use it, unless it is bound. It expires if
   * no client comes within `tokenTimeout` milliseconds.
   *
   * @param options `for` an identity, so that a token that is found or stolen
   *   is useless to others; `expiresAt`, so that the subscription ends together
   *   with the right to it.
   * @example
   * const items = [{ dealer: 'AllTasks', query: null }];
   * const token = await datasync.authorizeSubscription(items, { for: user.id });
   * @throws RpcError when an item cannot be subscribed to, or too many tokens
   *   wait.
   * @throws TypeError when `for` is given without an identity, or `expiresAt`
   *   without a time to come.
   */
  authorizeSubscription(
    items: readonly ItemRequest<JsonInput>[],
    options: AuthorizeOptions = {},
  ): MaybePromise<string> {
    const terms = termsOf(options);
    // Copied: a query that changed while an index has it could not be removed
    // from the index.
    return this.$authorize(frozenJson(items, 'items'), terms);
  }

  /**
   * Reads data for a client that is to follow its changes. It authorizes first
   * and runs the query after that, so that no change falls in between.
   *
   * @example
   * const { token, data } = await datasync.snapshot(
   *   [{ dealer: 'AllTasks', query: null }],
   *   () => this.tasks.find(),
   * );
   */
  async snapshot<Data>(
    items: readonly ItemRequest<JsonInput>[],
    query: () => Data | PromiseLike<Data>,
    options: AuthorizeOptions = {},
  ): Promise<{ readonly token: string; readonly data: Awaited<Data> }> {
    const token = await this.authorizeSubscription(items, options);
    try {
      return { token, data: await query() };
    } catch (error) {
      await this.$withdraw(token);
      throw error;
    }
  }

  /**
   * Makes all clients that are subscribed to one of the models fetch again. Use
   * it for changes that deltas cannot express, such as a row of which only the
   * id is known, or a change made outside of the application.
   *
   * Each model gets one entry of the log at once; calls within the next second
   * share one entry at its end. Settles when this node's subscriptions are
   * silent. Their clients fetch within the next seconds, not all at once.
   *
   * @throws RpcError for a value that is no list of names. Models without a
   *   dealer are ignored.
   */
  invalidate(models: readonly ModelName[]): MaybePromise<void> {
    return this.$invalidate(frozenJson(models, 'models'));
  }

  /**
   * Takes subscriptions back, on all nodes: those that are live, those that
   * wait for their clients, and those that come back later. Give at least one
   * member; a subscription is taken back if all that are given are true of it.
   * Pages fetch again, so take the right away first.
   *
   * Settles when this node's subscriptions are silent. If it rejects, all of it
   * or a part may have been done: call it again.
   *
   * @example
   * await datasync.revoke({ identity: user.id });
   * await datasync.revoke({ dealer: 'TasksByProject', query: project.id });
   * @throws RpcError for an unknown dealer.
   * @throws TypeError when no member is given, or one without a value.
   */
  revoke(options: RevokeOptions): MaybePromise<void> {
    return this.$revoke(revocationOf(options));
  }

  /** @internal Takes back a token that nobody was given. */
  async $withdraw(token: string): Promise<void> {
    await (await this.$ready()).issuer.withdraw(token);
  }

  /** @internal */
  $authorize(
    items: JsonValue,
    terms: AuthorizationTerms = {},
  ): MaybePromise<string> {
    return whenReady(this.$ready(), ({ issuer }) =>
      issuer.authorize(items, terms),
    );
  }

  /**
   * @param isJson Whether the value came over a wire, and is JSON already.
   * @internal
   */
  $publish(value: unknown, isJson = true): MaybePromise<void> {
    // Read before anything is awaited: the rows are published as they are now.
    const publication = publicationOf(value, this.$models, isJson);
    return whenReady(this.$ready(), ({ writer }) =>
      writer.publish(publication),
    );
  }

  /**
   * @internal @throws RpcError for a query that the dealer cannot, or must not,
   * use.
   */
  $checkQuery(dealer: Dealer<never>, query: JsonValue): void {
    // Making the models tells dealers which fields leave the server.
    if (this.$models) dealer.checkQuery(query);
  }

  /** @internal */
  $invalidate(value: JsonValue): MaybePromise<void> {
    const models = modelNamesOf(value);
    return whenReady(this.$ready(), ({ writer }) => writer.invalidate(models));
  }

  /** @internal */
  $revoke(terms: RevocationTerms): MaybePromise<void> {
    return whenReady(this.$ready(), ({ writer }) => writer.revoke(terms));
  }

  /** @internal */
  override $takeBack(identity: JsonValue): MaybePromise<void> {
    return this.$revoke({ identity });
  }
}
