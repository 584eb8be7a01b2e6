// Set-up
export { SnorkyModule } from './nest/snorky.module.js';
export { SnorkyWsAdapter } from './nest/hosts/snorky-ws.adapter.js';
export { BackendHost } from './nest/hosts/backend-host.js';
export { WebSocketHost } from './nest/hosts/websocket-host.js';
export type { UpgradableServer } from './nest/hosts/attached-servers.js';
export { SnorkySetupError } from './nest/setup/setup-errors.js';
export type { SetupErrorCode } from './nest/setup/setup-errors.js';
export type { FeatureService } from './nest/registration/service-providers.js';
export type {
  AsyncOptions,
  HttpBackendOptions,
  ListenOptions,
  OptionsFactory,
  RegistryOptions,
  SnorkyLateOptions,
  SnorkyModuleAsyncOptions,
  SnorkyModuleOptions,
  UpgradeMiddleware,
  WebSocketEndpointOptions,
  WebSocketLateOptions,
} from './nest/options/snorky-options.js';
export type { BackendOptions } from './transports/http/backend-handler.js';
export type { Origins } from './core/admission/origins.js';
export type { SelectSubprotocol } from './transports/websocket/subprotocols.js';
export type { WebSocketOptions } from './transports/websocket/websocket-options.js';

// Services and commands
export { SnorkyService } from './nest/decorators/snorky-service.decorator.js';
export type { ServiceDecorator } from './nest/decorators/snorky-service.decorator.js';
export type { ValidationErrors } from './nest/options/validation-errors.js';
export { RpcCommand } from './nest/decorators/rpc-command.decorator.js';
export {
  ConnectedClient,
  CurrentRequest,
  RpcParam,
  RpcParams,
} from './nest/decorators/rpc-params.decorator.js';
export { Service } from './core/service.js';
export { RpcService } from './core/rpc/rpc-service.js';
export { RpcRequest } from './core/rpc/rpc-request.js';
export { RpcError } from './core/rpc/rpc-error.js';
export { NotJsonError } from './core/json/not-json-error.js';
export type { NotJsonKind } from './core/json/not-json-error.js';
export { PreparedMessage } from './core/clients/prepared-message.js';
export type { Commands } from './core/rpc/commands.js';
export type { EveryNode } from './core/everywhere/everywhere.js';
export type { ServiceHost } from './core/service.js';
export type { ServiceHooks } from './nest/providers/provider-service.js';
export type { RpcCommandOptions } from './nest/decorators/rpc-command.decorator.js';
export type {
  ParamPipe,
  RpcParamOptions,
} from './nest/decorators/rpc-params.decorator.js';
export type {
  SchemaIssue,
  SchemaResult,
  StandardSchema,
} from './nest/decorators/standard-schema.js';

// Connections
export { SnorkyGateway } from './nest/decorators/snorky-gateway.decorator.js';
export { Client } from './core/clients/client.js';
export type { ClientData, Handshake } from './core/clients/client.js';
export type {
  ExpiringIdentity,
  Identification,
  IdentifiesClient,
} from './nest/gateway/identification.js';
export type { RouteRequest } from './nest/gateway/route-request.js';
export type {
  UpgradeRequest,
  UpgradeUser,
} from './nest/gateway/upgrade-request.js';
export type { UpgradeResponse } from './nest/gateway/upgrade-response.js';

// Registries
export { ServiceRegistry } from './core/registry/service-registry.js';
export type { CounterReading, Counters } from './core/observation/counters.js';
export type {
  EventsOptions,
  ListensToEvents,
} from './nest/options/events-options.js';
export type { WebhookOptions } from './transports/webhook/webhook-options.js';
export {
  verifyWebhook,
  type VerifyOptions,
  type WebhookRequest,
} from './transports/webhook/webhook-signature.js';
export type { CounterName } from './core/observation/counter-table.js';
export type {
  CommandReport,
  RegistryObserver,
} from './core/observation/observers.js';
export type {
  ConnectionEvent,
  OccupancyEvent,
  RegistryEvent,
} from './core/observation/registry-event.js';
export { REDACTED_NAMES } from './core/log/redacted-names.js';
export type {
  LogOptions,
  LogRate,
  LogSink,
  RateLimitedLog,
} from './core/log/log.js';
export type { RedactedNames } from './core/log/redacted-names.js';
export {
  InjectBroker,
  InjectRegistry,
  InjectService,
} from './nest/decorators/inject.decorator.js';
export { getRegistryToken, getServiceToken } from './nest/setup/constants.js';

// Publish and subscribe
export { PubSubModule } from './services/pubsub/pubsub.module.js';
export { PubSubService } from './services/pubsub/pubsub.service.js';
export type { SubscribedChannels } from './services/pubsub/subscribed-channels.js';
export { PubSubBackend } from './services/pubsub/pubsub-backend.service.js';
export type {
  PubSubModuleAsyncOptions,
  PubSubModuleOptions,
} from './services/pubsub/pubsub.module.js';
export type { PubSubOptions } from './services/pubsub/pubsub-options.js';

// Live data
export { DataSyncModule } from './services/datasync/datasync.module.js';
export { DataSyncService } from './services/datasync/datasync.service.js';
export { DataSyncBackend } from './services/datasync/datasync-backend.service.js';
export { Dealer } from './services/datasync/dealers/dealer.js';
export { BroadcastDealer } from './services/datasync/dealers/broadcast-dealer.js';
export { SimpleDealer } from './services/datasync/dealers/simple-dealer.js';
export { FilterDealer } from './services/datasync/dealers/filter-dealer.js';
export { Subscribable } from './services/datasync/rest/subscribable.decorator.js';
export type {
  DataSyncModuleAsyncOptions,
  DataSyncModuleOptions,
  DataSyncStaticOptions,
} from './services/datasync/datasync.module.js';
export type { DataSyncOptions } from './services/datasync/datasync-options.js';
export type {
  ModelOptions,
  ModelsOptions,
} from './services/datasync/models/model-options.js';
export type {
  AnyDealer,
  SubscriptionItem,
} from './services/datasync/dealers/dealer.js';
export type { Delta, RowDelta, UpdateDelta } from './protocol/delta.js';
export type { AuthorizeOptions } from './services/datasync/requests/authorize-options.js';
export type { RevokeOptions } from './services/datasync/requests/revoke-options.js';
export type { FilterLimits } from './services/datasync/filter/parse.js';
export type {
  DealerReference,
  PartialAnswer,
  SubscribableItem,
  SubscribableOptions,
  SubscribableRequest,
  SubscribableService,
  WholeAnswer,
} from './services/datasync/rest/subscribable-plan.js';
export type { Resumption } from './services/datasync/holding/desk.js';
export type { ItemRequest } from './services/datasync/tokens/authorization.js';

// The types of an application
export type {
  ApiOf,
  ChannelInput,
  DeltaInput,
  Identity,
  IdentityInput,
  MessageInput,
  ModelName,
  ModelOf,
  Received,
  SnorkyTypes,
} from './protocol/snorky-types.js';

// The wire
export { CloseCode } from './protocol/close-codes.js';
export { WireError } from './protocol/errors.js';
export type { InvalidParamsValue } from './protocol/errors.js';
export { MAX_NESTING } from './protocol/limits.js';
export type { Envelope } from './protocol/envelope.js';
export type { JsonObject, JsonValue } from './protocol/json.js';
export type { AsJson, JsonInput, NotJson } from './protocol/json-input.js';
export type { Jsonify } from './protocol/jsonify.js';
export type {
  RpcCall,
  RpcErrorMessage,
  RpcNotification,
  RpcResponse,
} from './protocol/rpc.js';

// What nodes share
export { BrokerUnavailable, BrokerUncertain } from './broker/broker-errors.js';
export { MemoryBroker } from './broker/memory/memory-broker.js';
export type { Broker, BrokerState } from './broker/ports/broker.js';
export type {
  Claim,
  Directory,
  DirectoryEntry,
  DirectoryEvent,
  Listing,
  Watch,
} from './broker/ports/directory.js';
export type { ListenerOptions, Stop } from './broker/ports/listening.js';
export type {
  Position,
  Replay,
  ReplayLimits,
  Retention,
  TopicEntry,
  TopicLog,
} from './broker/ports/log.js';
export type {
  TokenClaim,
  TokenClaimOptions,
  Tokens,
} from './broker/ports/tokens.js';
export type { Topics } from './broker/ports/topics.js';
export type { MaybePromise } from './protocol/maybe-promise.js';
