import type { Delta } from './delta.js';
import type { AsJson, JsonInput } from './json-input.js';
import type { JsonObject, JsonValue } from './json.js';
import type { Jsonify } from './jsonify.js';

/**
 * The types of an application, for servers and pages alike. Declare them once,
 * in the file that both import; `snorky` and `snorky/client` have the same
 * interface. Each member is optional: what is not declared may be any JSON.
 *
 * - `identity`: who a client is, for `client.identity`, `identify` and whatever
 *   names a client by it.
 * - `user`: what guards leave in `request.user` of a connection.
 * - `models`: the rows of DataSync, by the name of their model.
 * - `channels`: the messages of PubSub, by the name of their channel. Channels that
 *   are no texts are not declared, and take any JSON.
 * - `services`: the interfaces of services, by the name of the service.
 *
 * Declare the types that the server works with: a `Date` on the server is a
 * text on pages.
 *
 * @example
 * declare module 'snorky/client' {
 *   interface SnorkyTypes {
 *     identity: User;
 *     models: { Task: Task; Comment: Comment };
 *     channels: { news: Article; [room: `room:${number}`]: Line };
 *     services: { calculator: CalculatorApi };
 *   }
 * }
 */
export interface SnorkyTypes {}

type Declared<Name extends string> = SnorkyTypes extends {
  readonly [N in Name]: infer Types;
}
  ? Types
  : never;

/** One type or the other, by whether the application declares the member. */
export type IfDeclared<
  Name extends string,
  Then,
  Otherwise,
> = SnorkyTypes extends {
  readonly [N in Name]: unknown;
}
  ? Then
  : Otherwise;

/**
 * What pages get of a declared type. A type that JSON does not change keeps its
 * name.
 */
export type Received<T> = [T] extends [Jsonify<T>]
  ? [Jsonify<T>] extends [T]
    ? T
    : Jsonify<T>
  : Jsonify<T>;

// Who somebody is

/** Who a client is; null while that is unknown. */
export type Identity = IfDeclared<
  'identity',
  OrNobody<Received<Declared<'identity'>>>,
  JsonValue
>;

/** An identity, as an application gives it to name somebody. */
export type IdentityInput = IfDeclared<
  'identity',
  OrNobody<AsJson<Declared<'identity'>>>,
  JsonInput
>;

type OrNobody<Somebody> = Somebody | null;

/** What guards have stored about the user of a connection. */
export type UserOr<Open> = IfDeclared<'user', Declared<'user'>, Open>;

// Rows

type Models = Declared<'models'>;

/** The name of a declared model; `never` if none is declared. */
export type DeclaredModel = IfDeclared<'models', keyof Models & string, never>;

/** The name of a model: a declared one, or any if none is declared. */
export type ModelName = IfDeclared<'models', DeclaredModel, string>;

/** The row of a declared model, as pages get it. */
export type RowOf<Model extends DeclaredModel> = Received<Models[Model]>;

/**
 * The name of a model with such rows, for a dealer. The rows are JSON, or as
 * declared.
 */
export type ModelOf<Row> = IfDeclared<
  'models',
  {
    [Model in DeclaredModel]: Takes<Row, Models[Model] | RowOf<Model>, Model>;
  }[DeclaredModel],
  string
>;

/** The name of a model with such rows, for a page. */
export type LiveModel<Row> = IfDeclared<
  'models',
  { [Model in DeclaredModel]: Takes<Row, RowOf<Model>, Model> }[DeclaredModel],
  string
>;

// `never` stands for dealers of any row, JSON for dealers that do not read
// rows.
type Takes<Row, Rows, Model> = [Row] extends [never]
  ? Model
  : [JsonValue] extends [Row]
    ? Model
    : Rows extends Row
      ? Model
      : never;

/** A change of a row, as pages receive it. */
export type ReceivedDelta = IfDeclared<
  'models',
  { [Model in DeclaredModel]: Delta<RowOf<Model>, Model> }[DeclaredModel],
  Delta
>;

/** A change of a row, as a server publishes it. */
export type DeltaInput = IfDeclared<
  'models',
  {
    [Model in DeclaredModel]: Delta<
      Models[Model],
      Model,
      Partial<Models[Model]>
    >;
  }[DeclaredModel],
  Delta<unknown>
>;

// Channels

type Channels = Declared<'channels'>;

/** The name of a declared channel. */
export type DeclaredChannel = IfDeclared<
  'channels',
  keyof Channels & string,
  never
>;

/** What the server publishes to a declared channel. */
export type MessageOn<Name extends DeclaredChannel> = Channels[Name];

/** A channel: a declared one, or any that is no text. */
export type ChannelInput<Channel> = IfDeclared<
  'channels',
  Channel extends string ? DeclaredChannel : AsJson<Channel>,
  AsJson<Channel>
>;

/** What may be published to a channel. */
export type MessageInput<Channel, Message> = IfDeclared<
  'channels',
  Channel extends DeclaredChannel ? Channels[Channel] : AsJson<Message>,
  AsJson<Message>
>;

/** A message that was published to a channel. */
export type Publication = IfDeclared<
  'channels',
  PublicationOn<DeclaredChannel>,
  PublicationOf<JsonValue, JsonValue>
>;

/** A channel, as pages receive it. */
export type ReceivedChannel = Publication['channel'];

type PublicationOn<Names extends DeclaredChannel> =
  | {
      [Name in Names]: PublicationOf<Name, Received<Channels[Name]>>;
    }[Names]
  | PublicationOf<Untold, JsonValue>;

interface PublicationOf<Channel, Message> {
  readonly channel: Channel;
  readonly message: Message;
}

/** Channels that are no texts. */
type Untold = null | boolean | number | readonly JsonValue[] | JsonObject;

// Services

type Services = Declared<'services'>;

/** A value for each model: by declared names, or by any name. */
export type ByModel<Value> = IfDeclared<
  'models',
  { readonly [Model in DeclaredModel]?: Value },
  Readonly<Record<string, Value>>
>;

/** The interface of a declared service; `never` if it is not declared. */
export type ApiOf<Name> = IfDeclared<
  'services',
  Name extends keyof Services ? Services[Name] : never,
  never
>;
