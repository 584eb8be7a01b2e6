import {
  RpcError,
  Subscribable,
  type Client,
  type DataSyncService,
  type ExpiringIdentity,
  type Identification,
  type IdentifiesClient,
  type JsonValue,
  type PubSubBackend,
  type PubSubService,
  type RpcRequest,
  type RpcService,
  type ServiceRegistry,
  type UpgradeRequest,
} from 'snorky';
import { callBackend, connectClient } from 'snorky/testing';

interface User {
  readonly id: string;
  readonly roles: Role[];
  readonly since: Date;
}
interface Role {
  readonly name: string;
}
class Account {
  readonly id = 1;
  isOpen(): boolean {
    return this.id > 0;
  }
}

export class ByInterface implements IdentifiesClient {
  identify({ user }: UpgradeRequest): User {
    return { id: String(user['id']), roles: [], since: new Date() };
  }
}
export class ForSomeTime implements IdentifiesClient {
  async identify(): Promise<ExpiringIdentity> {
    const identity: User = { id: 'ann', roles: [], since: new Date() };
    return Promise.resolve({ identity, expiresAt: 1 });
  }
}
export class ByInstance implements IdentifiesClient {
  identify(): Identification {
    return new Account();
  }
}
export class ByJson implements IdentifiesClient {
  identify({ user }: UpgradeRequest): JsonValue {
    return user['id'] ?? null;
  }
}
export class ByMap implements IdentifiesClient {
  // @ts-expect-error: nothing would be left of it.
  identify(): Map<string, User> {
    return new Map();
  }
}

export class Quiet implements Pick<PubSubService, 'broadcast'> {
  broadcast(_channel: unknown, _message: unknown): void {}
}

export class Routes {
  @Subscribable('ByUser', { id: 'ann', roles: [] } satisfies Partial<User>)
  fixed(): void {}

  @Subscribable('ByUser', ({ user }) => user as unknown as User)
  asked(): void {}

  // @ts-expect-error: nothing would be left of it.
  @Subscribable('ByUser', new Map<string, User>())
  map(): void {}
}

export async function use(
  client: Client,
  registry: ServiceRegistry,
  service: RpcService,
  request: RpcRequest,
  pubsub: PubSubService,
  backend: PubSubBackend,
  datasync: DataSyncService,
  user: User,
  app: Parameters<typeof connectClient>[0],
): Promise<void> {
  client.identity = user;
  client.identity = new Account();
  const identity: JsonValue = client.identity;
  registry.clientsOf(user);
  client.send({ service: 'who', message: user });
  service.sendMessageTo(client, user);
  service.notify(registry.clients(), { type: 'came', user, identity });
  request.error(user);
  request.reply(user);
  await pubsub.broadcast(user, { user });
  await backend.publish('news', user);
  await datasync.publishDeltas([
    { type: 'insert', model: 'User', data: user },
    { type: 'delete', model: 'User', data: new Account() },
  ]);
  const items = [{ dealer: 'ByUser', query: user }];
  await datasync.authorizeSubscription(items, { for: user });
  await datasync.snapshot(items, () => user, { for: user });
  await using tester = await connectClient(app, { identity: user });
  await tester.call('who', 'am', user);
  tester.emit('who', { user });
  await callBackend(app, 'pubsub_backend', 'publish', user);
  throw new RpcError(user);
}

interface WithFunction {
  readonly id: string;
  readonly act: () => void;
}

export function misuse(
  client: Client,
  registry: ServiceRegistry,
  service: RpcService,
  pubsub: PubSubService,
  backend: PubSubBackend,
  withFunction: WithFunction,
  user: User,
): void {
  // @ts-expect-error: nothing would be left of it.
  client.identity = new Map<string, User>();
  // @ts-expect-error: written in place.
  client.identity = { id: 1n };
  // @ts-expect-error: written in place.
  client.identity = { id: 1, act: () => user };
  // @ts-expect-error: somebody is known, or null.
  client.identity = undefined;
  // @ts-expect-error: nobody can have it.
  registry.clientsOf(1n);
  // @ts-expect-error: a member is a function.
  client.send({ service: 'who', message: withFunction });
  // @ts-expect-error: a member is a function.
  service.sendMessageTo(client, withFunction);
  // @ts-expect-error: a member of a member is.
  service.notify([client], { type: 'came', withFunction });
  // @ts-expect-error: a member is a function.
  void pubsub.broadcast('news', withFunction);
  // @ts-expect-error: methods are functions, too.
  void pubsub.broadcast('news', new Account());
  // @ts-expect-error: a message is missing.
  void pubsub.broadcast('news');
  // @ts-expect-error: a member is a function.
  void backend.publish('news', withFunction);
  // @ts-expect-error: written in place.
  throw new RpcError({ retry: () => user });
}
