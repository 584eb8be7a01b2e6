// In this order it is smallest: what is alike is near in a bundle.

// Collections
export { ArrayCollection } from './collections/array-collection.js';
export { CollectionDeltaProcessor } from './collections/collection-delta-processor.js';
export { Collection, CollectionIterator } from './collections/collection.js';
export { SingleItemCollection } from './collections/single-item-collection.js';
export type { ArrayCollectionOptions } from './collections/array-collection-options.js';
export type {
  CollectionDeltaProcessorOptions,
  Collections,
  TaggedDelta,
} from './collections/collection-delta-processor.js';
export type { KeyOption } from './collections/key.js';

// Live data
export { liveCollection } from './live-collection.js';
export type {
  Live,
  LiveCollection,
  LiveItem,
  LiveItemOptions,
  LiveListOptions,
} from './live-collection.js';
export type { LiveOptions } from './live-options.js';
export type { LiveState } from './live-state.js';
export type { RefetchOptions } from './part.js';
export type { Fetch } from './subscribing-fetch.js';

// The connection
export { Snorky } from './snorky.js';
export { comesBack } from './reconnection.js';
export { NEXT_STATE } from './connection-state.js';
export type {
  ServiceClass,
  ServiceClasses,
  ServicesOf,
  SnorkyOptions,
} from './snorky.js';
export type { Close, Socket, SocketClass } from './connection.js';
export type { ConnectionEvent, ConnectionState } from './connection-state.js';
export type { Address } from './link.js';
export type { QueueLimits } from './outgoing.js';
export type { ReconnectionOptions } from './reconnection.js';

// Connectors of services
export { Service } from './service.js';
export { RPCService } from './rpc-service.js';
export { rpc } from './rpc.js';
export { PubSub } from './pubsub.js';
export { DataSync } from './datasync.js';
export { Chat } from './chat.js';
export { Messaging } from './messaging.js';
export { Cursors } from './cursors.js';
export {
  CursorDocument,
  ForeignCursor,
  OwnCursor,
} from './cursors-document.js';
export type { CallOptions } from './call-options.js';
export type { Calls, ReservedName } from './calls.js';
export type { ConnectorHost, PromiseClass } from './connector-host.js';
export type {
  ChatMembers,
  ChatMessage,
  ChatPresence,
  ChatRead,
} from './chat.js';
export type { DirectMessage } from './messaging.js';
export type { Cursor } from './cursors-document.js';
export type { CursorInput, CursorState } from './cursors-sync.js';
export type { RpcConnector, UntypedConnector } from './rpc.js';
export type {
  Followed,
  FollowEnd,
  FollowHandlers,
  FollowState,
} from './datasync-subscription.js';

// Errors
export { ConnectorError, isInvalidParams, RpcError } from './errors.js';
export type { InvalidParamsValue } from '../protocol/errors.js';
export type { ConnectorErrorCode } from './errors.js';

// Events
export { Signal } from './signal.js';
export type { Listener } from './signal.js';

// The types of an application
export type {
  ApiOf,
  ChannelInput,
  Identity,
  IdentityInput,
  LiveModel,
  MessageInput,
  ModelName,
  Publication,
  Received,
  ReceivedDelta,
  SnorkyTypes,
} from '../protocol/snorky-types.js';

// The wire
export type { JsonObject, JsonValue } from '../protocol/json.js';
export type { AsJson, JsonInput, NotJson } from '../protocol/json-input.js';
export type { Jsonify } from '../protocol/jsonify.js';
export type { RpcNotification } from '../protocol/rpc.js';
