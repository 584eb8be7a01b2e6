import {
  PubSub,
  rpc,
  RPCService,
  Snorky,
  type Calls,
  type SocketClass,
} from 'snorky/client';
import type { CalculatorApi } from '../calculator-api.js';
import type { Equal, Expect } from '../equal.js';
import type { PlainCounter } from '../plain-counter.js';

interface RudeApi {
  name(): number;
  init(params: { a: number }): number;
  rpcCall(): number;
  then(): number;
  sum(params: { a: number }): number;
}

function connect(socketClass: SocketClass) {
  return new Snorky(socketClass, 'wss://example.com/ws', {
    calculator: rpc<CalculatorApi>(),
    counter: rpc<PlainCounter>(),
    rude: rpc<RudeApi>(),
    untyped: rpc(),
    chat: RPCService,
    pubsub: PubSub,
  });
}

type Services = ReturnType<typeof connect>['services'];

export type AServiceHasItsCalls = [
  Expect<
    Equal<
      Pick<Services['calculator'], keyof CalculatorApi>,
      Calls<CalculatorApi>
    >
  >,
  Expect<Equal<Services['counter']['add'], Calls<PlainCounter>['add']>>,
  Expect<Equal<Services['pubsub'], PubSub>>,
  Expect<Equal<keyof Services['untyped'], keyof RPCService>>,
];

// A command of such a name is called with `rpcCall`.
export type AConnectorKeepsItsOwnNames = [
  Expect<
    Equal<
      Pick<Services['rude'], keyof RPCService>,
      Pick<RPCService, keyof RPCService>
    >
  >,
  Expect<Equal<Exclude<keyof Services['rude'], keyof RPCService>, 'sum'>>,
];

export async function use(socketClass: SocketClass): Promise<number> {
  const { services } = connect(socketClass);
  const { calculator, counter, chat, rude } = services;
  const service: RPCService = calculator;
  service.notificationReceived.add((notification) => notification.type);
  await calculator.ping(undefined, { timeout: 100 });
  await chat.rpcCall('say', { text: 'Hello' });
  await rude.rpcCall<number>('then');
  await counter.add({ by: 2 });
  const sum: number = await calculator.sum({ number1: 1, number2: 2 });
  return sum;
}

export async function misuse(socketClass: SocketClass): Promise<void> {
  const { services } = connect(socketClass);
  const { calculator, counter, rude, untyped } = services;
  // @ts-expect-error: no such service.
  await services.calculators.ping();
  // @ts-expect-error: no such command.
  await calculator.sun({ number1: 1, number2: 2 });
  // @ts-expect-error: parameters are missing.
  await calculator.sum();
  // @ts-expect-error: a parameter is missing.
  await calculator.sum({ number1: 1 });
  // @ts-expect-error: a wrong type.
  await calculator.sum({ number1: 1, number2: '2' });
  // @ts-expect-error: a number.
  (await calculator.sum({ number1: 1, number2: 2 })).toUpperCase();
  // @ts-expect-error: nothing may be assigned.
  calculator.sum = calculator.log;
  // @ts-expect-error: a hook.
  await counter.onModuleInit();
  // @ts-expect-error: the connector's own, which is a text.
  await rude.name();
  // @ts-expect-error: the connector's own, which takes nothing.
  rude.init({ a: 1 });
  // @ts-expect-error: an answer to `await` would come of it.
  rude.then({}, {});
  // @ts-expect-error: nobody said what it can.
  await untyped.sum({ number1: 1, number2: 2 });
  // @ts-expect-error: no class of a connector.
  new Snorky(socketClass, 'wss://example.com/ws', { calculator: Date });
}
