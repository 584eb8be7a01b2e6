import type {
  AsJson,
  Chat,
  Cursors,
  Identity,
  IdentityInput,
  JsonInput,
  JsonObject,
  JsonValue,
  ModelName,
  Publication,
  PubSub,
  ReceivedDelta,
} from 'snorky/client';
import type { Delta } from '../../../../src/protocol/delta.js';
import type { Equal, Expect } from '../equal.js';

interface User {
  readonly id: string;
  roles: Role[];
  since: Date;
  note?: string;
  friend: User | undefined;
}
interface Role {
  name: string;
  parents: readonly Role[];
}
class Entity {
  id = 1;
  due?: Date;
}
enum Level {
  Low,
  High,
}
type Filter =
  readonly ['and', ...Filter[]] | readonly ['==', string, JsonValue];
type Nested = readonly (Nested | User)[];
type Anything = ReturnType<typeof JSON.parse>;

export type WithoutDeclarationsAllIsOpen = [
  Expect<Equal<Identity, JsonValue>>,
  Expect<Equal<IdentityInput, JsonInput>>,
  Expect<Equal<ModelName, string>>,
  Expect<Equal<ReceivedDelta, Delta>>,
  Expect<Equal<Publication['channel'], JsonValue>>,
  Expect<Equal<Publication['message'], JsonValue>>,
];

declare function give<T>(value: AsJson<T>): void;

export function taken(
  user: User,
  json: JsonValue,
  object: JsonObject,
  filter: Filter,
  nested: Nested,
  anything: Anything,
  open: { payload: unknown; any: Anything },
  part: Partial<User>,
  branded: number & { readonly brand: 'Id' },
): JsonInput[] {
  give(user);
  give([user]);
  give({ a: { b: [user, new Date()] }, c: undefined });
  give(new Entity());
  give(new Date());
  give(new URL('https://example.com/'));
  give(json);
  give(object);
  give(filter);
  give(nested);
  give(anything);
  give(open);
  give(part);
  give(branded);
  give(Level.High);
  give(null);
  give([]);
  give({});
  return [
    user,
    [user],
    { a: { b: [user, new Date()] }, c: undefined },
    new Entity(),
    new Date(),
    new URL('https://example.com/'),
    json,
    object,
    filter,
    nested,
    open,
    part,
    branded,
    Level.High,
    null,
    [],
    {},
  ];
}

interface WithFunction {
  readonly id: string;
  act(): void;
}
interface WithMap {
  readonly inner: { readonly seen: readonly Map<string, Date>[] };
}
interface WithBigInt {
  readonly count: bigint;
}
interface WithSymbol {
  readonly tag: symbol;
}

export function refused(
  withFunction: WithFunction,
  withMap: WithMap,
  withBigInt: WithBigInt,
  withSymbol: WithSymbol,
  unknown: unknown,
  maybe: User | undefined,
): JsonInput {
  // @ts-expect-error: a member is a function.
  give(withFunction);
  // @ts-expect-error: a member of a member is.
  give({ a: [withFunction] });
  // @ts-expect-error: a member is a list of maps.
  give(withMap);
  // @ts-expect-error: a member is a big number.
  give(withBigInt);
  // @ts-expect-error: a member is a symbol.
  give(withSymbol);
  // @ts-expect-error: written in place.
  give({ when: () => 1 });
  // @ts-expect-error: a function.
  give(() => 1);
  // @ts-expect-error: a class.
  give(Entity);
  // @ts-expect-error: a map.
  give(new Map<string, User>());
  // @ts-expect-error: a set.
  give([new Set<string>()]);
  // @ts-expect-error: a promise.
  give(Promise.resolve(1));
  // @ts-expect-error: a buffer.
  give({ bytes: new Uint8Array() });
  // @ts-expect-error: a big number.
  give(1n);
  // @ts-expect-error: may be nothing.
  give(maybe);
  // @ts-expect-error: nothing.
  give(undefined);
  // @ts-expect-error: may be anything.
  give(unknown);

  let input: JsonInput;
  // @ts-expect-error: a function.
  input = () => 1;
  // @ts-expect-error: a class.
  input = Entity;
  // @ts-expect-error: a map.
  input = new Map<string, User>();
  // @ts-expect-error: a set.
  input = new Set<string>();
  // @ts-expect-error: a promise.
  input = Promise.resolve(1);
  // @ts-expect-error: a buffer.
  input = new Uint8Array();
  // @ts-expect-error: an expression.
  input = /x/;
  // @ts-expect-error: a big number.
  input = 1n;
  // @ts-expect-error: a symbol.
  input = Symbol('x');
  // @ts-expect-error: nothing.
  input = undefined;
  // @ts-expect-error: may be anything.
  input = unknown;
  // @ts-expect-error: written in place.
  input = { when: () => 1 };
  // @ts-expect-error: deeper.
  input = { a: [{ b: { seen: new Map<string, User>() } }] };
  // @ts-expect-error: a big number.
  input = { count: 1n };
  return input;
}

export async function use(
  { pubsub, chat, cursors }: { pubsub: PubSub; chat: Chat; cursors: Cursors },
  user: User,
  withFunction: WithFunction,
): Promise<void> {
  await pubsub.subscribe({ channel: { of: user } });
  await pubsub.publish({ channel: user, message: user });
  await pubsub.unsubscribe({ channel: user });
  pubsub.resubscribed.add((channel: JsonValue) => channel);
  await chat.join({ channel: user });
  await chat.send({ channel: user, body: user });
  const page = await cursors.join({ document: user });
  await page.createCursor({ position: user }).update({ status: user });
  cursors.getDocument(user)?.createCursor();
  // @ts-expect-error: a member is a function.
  await pubsub.publish({ channel: 'a', message: withFunction });
  // @ts-expect-error: a channel has one, too.
  await pubsub.subscribe({ channel: withFunction });
  // @ts-expect-error: a message is missing.
  await pubsub.publish({ channel: 'a' });
  // @ts-expect-error: a member is a function.
  await chat.send({ channel: user, body: withFunction });
  // @ts-expect-error: a member is a function.
  page.createCursor({ position: withFunction });
}
