import {
  ArrayCollection,
  Chat,
  CollectionDeltaProcessor,
  Cursors,
  DataSync,
  liveCollection,
  PubSub,
  rpc,
  Snorky,
  type Identity,
  type LiveCollection,
  type LiveItem,
  type RPCService,
  type RpcConnector,
  type SocketClass,
} from 'snorky/client';
import type { Equal, Expect } from '../../equal.js';
import type { CalculatorApi, Comment, User } from '../shared/app-types.js';

function connect(socketClass: SocketClass) {
  return new Snorky(socketClass, 'wss://example.com/ws', {
    calculator: rpc(),
    other: rpc(),
    explicit: rpc<CalculatorApi>(),
    pubsub: PubSub,
    datasync: DataSync,
    chat: Chat,
    cursors: Cursors,
  });
}

type Services = ReturnType<typeof connect>['services'];

interface ReceivedTask {
  readonly id: number;
  readonly title: string;
  readonly due: string;
}

function lists(datasync: DataSync) {
  return {
    tasks: liveCollection(datasync, '/tasks', {
      model: 'Task',
      compare: (a, b) => a.due.localeCompare(b.due),
    }),
    task: liveCollection(datasync, '/tasks/1', { model: 'Task', single: true }),
    titles: liveCollection(datasync, '/tasks', {
      model: 'Task',
      transformItem: ({ title }) => ({ title }),
    }),
    comments: liveCollection<Comment>(datasync, '/comments', {
      model: 'Comment',
    }),
  };
}

type Lists = ReturnType<typeof lists>;

export type ServicesAndListsAreAsDeclared = [
  Expect<Equal<Services['calculator'], RpcConnector<CalculatorApi>>>,
  Expect<Equal<Services['other'], RPCService>>,
  Expect<Equal<Services['explicit'], RpcConnector<CalculatorApi>>>,
  Expect<Equal<Lists['tasks'], LiveCollection<ReceivedTask>>>,
  Expect<Equal<Lists['task'], LiveItem<ReceivedTask>>>,
  Expect<Equal<Lists['titles'], LiveCollection<{ title: string }>>>,
  Expect<Equal<Lists['comments'], LiveCollection<Comment>>>,
  // Under its own name, where JSON changes nothing.
  Expect<Equal<Identity, User | null>>,
];

export async function use(services: Services): Promise<void> {
  const { calculator, pubsub, datasync, chat, cursors } = services;
  const sum: number = await calculator.sum({ number1: 1, number2: 2 });
  const { at } = await calculator.last();
  at.slice(0, 10);
  pubsub.messageReceived.add((publication) => {
    if (publication.channel === 'news') {
      const { headline, author, at: when } = publication.message;
      return [headline, author.roles, when.slice(0, 10)];
    }
    return publication.message;
  });
  const author: User = { id: 'ann', roles: [{ name: 'editor' }] };
  await pubsub.subscribe({ channel: 'news' });
  await pubsub.subscribe({ channel: 'room:7' });
  await pubsub.subscribe({ channel: { team: author } });
  await pubsub.publish({
    channel: 'news',
    message: { headline: 'Hi', author, at: new Date() },
  });
  await pubsub.publish({ channel: `room:${sum}`, message: { text: 'Hi' } });
  await pubsub.publish({ channel: ['any', author], message: author });
  const news = pubsub.channel('news');
  news.on(({ headline, at: when }) => [headline, when.slice(0, 10)]);
  await news.publish({ headline: 'Hi', author, at: new Date() });
  const room = pubsub.channel('room:7').getSnapshot();
  room.message?.text.slice(0, 1);
  const own = pubsub.channel<User>(['any', 1]);
  own.on(({ id }) => id.slice(0, 1));
  await own.publish(author);
  const any = pubsub.channel({ team: author });
  await any.publish(author);
  any.on((message) => JSON.stringify(message));
  datasync.deltaReceived.add((delta) => {
    if (delta.model === 'Task' && delta.type === 'insert') {
      return delta.data.due.slice(0, 10);
    }
    return delta.type === 'update' ? delta.newData.id : delta.model;
  });
  chat.messageReceived.add(({ from }) => from?.roles);
  await chat.send({ channel: author, body: author });
  const page = await cursors.join({ document: author });
  await page.createCursor({ position: author }).update({ status: { author } });
  cursors.cursorAdded.add(({ owner }) => owner?.id);
  new CollectionDeltaProcessor({ Task: new ArrayCollection([]) });
}

interface Bad {
  readonly name: string;
  act(): void;
}
interface Hidden {
  readonly inner: { readonly seen: Map<string, Date> };
}

export async function misuse(
  services: Services,
  bad: Bad,
  hidden: Hidden,
): Promise<void> {
  const { calculator, pubsub, datasync, chat, cursors } = services;
  // @ts-expect-error: no such command.
  await calculator.sun({ number1: 1, number2: 2 });
  // @ts-expect-error: a wrong type.
  await calculator.sum({ number1: 1, number2: '2' });
  // @ts-expect-error: a date comes as text.
  (await calculator.last()).at.getTime();
  // @ts-expect-error: nobody said what it can.
  await services.other.sum({ number1: 1, number2: 2 });
  // @ts-expect-error: no such channel.
  await pubsub.subscribe({ channel: 'nws' });
  // @ts-expect-error: no such channel.
  await pubsub.publish({ channel: 'room:red', message: { text: 'Hi' } });
  // @ts-expect-error: no such message.
  await pubsub.publish({ channel: 'news', message: { text: 'Hi' } });
  // @ts-expect-error: a wrong type.
  await pubsub.publish({ channel: 'room:7', message: { text: 7 } });
  // @ts-expect-error: no such channel.
  pubsub.channel('nws');
  // @ts-expect-error: no such message.
  await pubsub.channel('news').publish({ text: 'Hi' });
  // @ts-expect-error: a date comes as text.
  pubsub.channel('news').on(({ at }) => at.getTime());
  // @ts-expect-error: a function.
  await pubsub.channel(['any']).publish(bad);
  // @ts-expect-error: a function.
  await pubsub.publish({ channel: ['any'], message: bad });
  // @ts-expect-error: no such model.
  new CollectionDeltaProcessor({ Tsak: new ArrayCollection([]) });
  // @ts-expect-error: no such model.
  liveCollection(datasync, '/tasks', { model: 'Tsak' });
  // @ts-expect-error: rows of another model.
  liveCollection<Comment>(datasync, '/tasks', { model: 'Task' });
  datasync.deltaReceived.add((delta) => {
    // @ts-expect-error: no such model.
    if (delta.model === 'Tsak') return;
    // @ts-expect-error: not of every model.
    if (delta.type === 'insert') String(delta.data.title);
  });
  // @ts-expect-error: a function.
  await chat.send({ channel: 'a', body: bad });
  const page = await cursors.join({ document: 'page' });
  // @ts-expect-error: a map.
  page.createCursor({ position: hidden });
  // @ts-expect-error: a big number.
  page.createCursor({ status: { count: 1n } });
}
