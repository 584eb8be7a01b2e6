import {
  BroadcastDealer,
  DataSyncModule,
  FilterDealer,
  RpcCommand,
  RpcError,
  RpcParam,
  SimpleDealer,
  SnorkyService,
  Subscribable,
  type Client,
  type Commands,
  type DataSyncService,
  type Identification,
  type IdentifiesClient,
  type Identity,
  type JsonValue,
  type PubSubBackend,
  type PubSubService,
  type RpcService,
  type ServiceRegistry,
  type UpgradeRequest,
} from 'snorky';
import type { Equal, Expect } from '../../equal.js';
import type {
  Article,
  CalculatorApi,
  Claims,
  Comment,
  Task,
  User,
} from '../shared/app-types.js';

export type WhoeverIsSomebodyIsAUser = [
  Expect<Equal<Identity, User | null>>,
  Expect<Equal<Client['identity'], User | null>>,
  Expect<Equal<UpgradeRequest['user'], Claims>>,
];

export class AllTasks extends BroadcastDealer<Task> {
  readonly model = 'Task';
}
export class TasksAsJson extends FilterDealer<{ readonly due: string }> {
  readonly model = 'Task';
}
export class AnyRows extends FilterDealer {
  readonly model = 'Comment';
}
export class CommentsOf extends SimpleDealer<Comment> {
  readonly model = 'Comment';
  getKeyForModel(comment: Comment): User {
    return comment.by;
  }
}

export const module = DataSyncModule.register({
  dealers: [AllTasks, CommentsOf, TasksAsJson, AnyRows, new AllTasks()],
  models: { Task: { key: 'id' } },
});

export const unknownModel = DataSyncModule.register({
  dealers: [AllTasks],
  // @ts-expect-error: no such model.
  models: { Tsak: { key: 'id' } },
});

export class Gateway implements IdentifiesClient {
  async identify({ user }: UpgradeRequest): Promise<Identification> {
    const identity: User = { id: user.sub, roles: user.roles };
    return Promise.resolve(
      user.roles.length > 0 ? { identity, expiresAt: 0 } : identity,
    );
  }
}

@SnorkyService('calculator')
export class Calculator implements Commands<CalculatorApi> {
  @RpcCommand()
  sum({ number1, number2 }: { number1: number; number2: number }): number {
    return number1 + number2;
  }
  @RpcCommand()
  last(): { value: number; at: Date } {
    return { value: 7, at: new Date() };
  }
}

@SnorkyService('calculator')
export class ByName implements Commands<CalculatorApi, never, 'sum'> {
  @RpcCommand()
  sum(
    @RpcParam('number1') one: number,
    @RpcParam('number2') two: number,
  ): number {
    return one + two;
  }
  @RpcCommand()
  async last(): Promise<{ value: number; at: Date }> {
    return Promise.resolve({ value: 7, at: new Date() });
  }
}

@SnorkyService('another')
export class Another {}

export class Controller {
  @Subscribable(AllTasks, { of: { id: 'ann', roles: [] } satisfies User })
  tasks(): void {}
}

export async function use(
  client: Client,
  registry: ServiceRegistry,
  service: RpcService,
  pubsub: PubSubService,
  backend: PubSubBackend,
  datasync: DataSyncService,
  user: User,
  task: Task,
  article: Article,
): Promise<void> {
  client.identity = user;
  client.identity = null;
  const who: User | null = client.identity;
  registry.clientsOf(user);
  service.notify(registry.clients(), { type: 'came', who, user });
  service.sendMessageTo(client, user);
  client.send({ service: 'who', message: user });
  await pubsub.broadcast('news', article);
  await pubsub.broadcast('room:7', { text: 'Hi' });
  await pubsub.broadcast({ team: user }, user);
  await backend.publish('news', article);
  await datasync.publishDeltas([
    { type: 'insert', model: 'Task', data: task },
    { type: 'delete', model: 'Task', data: { id: 7 } },
    {
      type: 'update',
      model: 'Comment',
      newData: { id: 7, taskId: 1, by: user },
      oldData: { id: 7 },
    },
  ]);
  await datasync.invalidate(['Task']);
  await datasync.authorizeSubscription(
    [{ dealer: 'CommentsOf', query: user }],
    { for: user },
  );
  throw new RpcError(user);
}

interface Bad {
  readonly name: string;
  readonly act: () => void;
}

export class NoModel extends BroadcastDealer<Task> {
  // @ts-expect-error: no such model.
  readonly model = 'Tsak';
}
export class OtherRows extends BroadcastDealer<Comment> {
  // @ts-expect-error: rows of another model.
  readonly model = 'Task';
}

export class Stranger implements IdentifiesClient {
  // @ts-expect-error: no user.
  identify(): { id: string } {
    return { id: 'ann' };
  }
}

// @ts-expect-error: commands are missing.
@SnorkyService('calculator')
export class Incomplete {
  sum(): number {
    return 1;
  }
}

// @ts-expect-error: another result.
@SnorkyService('calculator')
export class OtherResult {
  sum(): string {
    return '1';
  }
  last(): { value: number; at: Date } {
    return { value: 7, at: new Date() };
  }
}

export class OtherResultByName implements Commands<
  Pick<CalculatorApi, 'sum'>,
  never,
  'sum'
> {
  // @ts-expect-error: clients expect a number.
  sum(one: number, two: number): string {
    return String(one + two);
  }
}

export class NotByName implements Commands<Pick<CalculatorApi, 'sum'>> {
  // @ts-expect-error: clients give one object, or say so.
  sum(one: number, two: number): number {
    return one + two;
  }
}

export async function misuse(
  client: Client,
  registry: ServiceRegistry,
  service: RpcService,
  pubsub: PubSubService,
  backend: PubSubBackend,
  datasync: DataSyncService,
  request: UpgradeRequest,
  bad: Bad,
  json: JsonValue,
  task: Task,
): Promise<void> {
  // @ts-expect-error: no user.
  client.identity = 'ann';
  // @ts-expect-error: no such member.
  String(client.identity?.name);
  // @ts-expect-error: no user.
  registry.clientsOf({ id: 'ann' });
  // @ts-expect-error: no such claim.
  String(request.user.id);
  // @ts-expect-error: a function.
  service.notify([], { type: 'came', bad });
  // @ts-expect-error: no such channel.
  await pubsub.broadcast('nws', json);
  // @ts-expect-error: another message.
  await pubsub.broadcast('news', { text: 'Hi' });
  // @ts-expect-error: another message.
  await backend.publish('news', { text: 'Hi' });
  // @ts-expect-error: a function.
  await pubsub.broadcast(['any'], bad);
  // @ts-expect-error: no such model.
  await datasync.invalidate(['Tsak']);
  await datasync.publishDeltas([
    // @ts-expect-error: no such model.
    { type: 'insert', model: 'Tsak', data: task },
    // @ts-expect-error: rows of another model.
    { type: 'insert', model: 'Comment', data: task },
    // @ts-expect-error: a part of the row.
    { type: 'insert', model: 'Task', data: { id: 7 } },
  ]);
  // @ts-expect-error: no user.
  await datasync.authorizeSubscription([], { for: 'ann' });
}
