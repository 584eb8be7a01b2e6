// The order makes the bundle smallest: similar modules are near each other.

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
export { liveCollection } from './live/live-collection.js';
export type {
  Live,
  LiveCollection,
  LiveCollectionSnapshot,
  LiveItem,
  LiveItemOptions,
  LiveItemSnapshot,
  LiveListOptions,
} from './live/live-collection.js';
export type { LiveOptions } from './live/live-options.js';
export type { LiveState } from './live/live-state.js';
export type { RefetchOptions } from './live/part.js';
export type { Fetch } from './live/subscribing-fetch.js';

// The connection
export { Snorky } from './snorky.js';
export type { ConnectionSnapshot } from './connection/connection-state.js';
export type { Snapshots } from './snapshots.js';
export { comesBack } from './connection/reconnection.js';
export { NEXT_STATE } from './connection/connection-state.js';
export type {
  ServiceClass,
  ServiceClasses,
  ServicesOf,
} from './services-of.js';
export type { SnorkyOptions } from './snorky-options.js';
export type { Close, Socket, SocketClass } from './connection/connection.js';
export type {
  ConnectionEvent,
  ConnectionState,
} from './connection/connection-state.js';
export type { Address } from './connection/link.js';
export type { QueueLimits } from './connection/outgoing.js';
export type { ReconnectionOptions } from './connection/reconnection.js';

// Connectors of services
export { Service } from './service.js';
export { RPCService } from './calls/rpc-service.js';
export { rpc } from './calls/rpc.js';
export { PubSub } from './pubsub/pubsub.js';
export type { Channel } from './pubsub/channel.js';
export type { ChannelSnapshot, ChannelState } from './pubsub/channel.js';
export { DataSync } from './live/datasync.js';
export { Chat } from './people/chat.js';
export { Messaging } from './people/messaging.js';
export { Cursors } from './people/cursors.js';
export {
  CursorDocument,
  ForeignCursor,
  OwnCursor,
} from './people/cursors-document.js';
export type { CallOptions } from './calls/call-options.js';
export type { Calls, ReservedName } from './calls/calls.js';
export type { ConnectorHost, PromiseClass } from './connector-host.js';
export type {
  ChatMembers,
  ChatMessage,
  ChatPresence,
  ChatRead,
} from './people/chat.js';
export type { DirectMessage } from './people/messaging.js';
export type { Cursor } from './people/cursors-document.js';
export type { CursorInput, CursorState } from './people/cursor-state.js';
export type { RpcConnector, UntypedConnector } from './calls/rpc.js';
export type { Followed } from './live/datasync-subscription.js';
export type {
  FollowEnd,
  FollowHandlers,
  FollowState,
} from './live/follow-events.js';

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
