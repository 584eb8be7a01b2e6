import type { CallOptions } from '../../../../src/client/calls/call-options.js';
import type { Calls } from '../../../../src/client/calls/calls.js';
import type { JsonObject, JsonValue } from '../../../../src/protocol/json.js';
import type { CalculatorApi } from '../calculator-api.js';
import type { Equal, Expect } from '../equal.js';
import type { PlainCounter } from '../plain-counter.js';

interface ReceivedEntry {
  readonly result: number;
  readonly at: string;
  note?: string;
}
type NoParams = Readonly<Record<string, never>>;

export type AnInterfaceBecomesCalls = Expect<
  Equal<
    Calls<CalculatorApi>,
    {
      readonly sum: (
        params: { number1: number; number2: number },
        options?: CallOptions,
      ) => Promise<number>;
      readonly log: (
        params: { number: number; base?: number },
        options?: CallOptions,
      ) => Promise<number>;
      readonly keep: (
        params: { result: number; at: string },
        options?: CallOptions,
      ) => Promise<ReceivedEntry>;
      readonly history: (
        params?: { limit?: number },
        options?: CallOptions,
      ) => Promise<ReceivedEntry[]>;
      readonly ping: (
        params?: NoParams,
        options?: CallOptions,
      ) => Promise<string>;
      readonly clear: (
        params?: NoParams,
        options?: CallOptions,
      ) => Promise<null>;
      readonly next: (
        params?: NoParams,
        options?: CallOptions,
      ) => Promise<ReceivedEntry>;
    }
  >
>;

// Not its fields, hooks, and methods that take single values.
export type AClassBecomesCalls = Expect<
  Equal<
    Calls<PlainCounter>,
    {
      readonly add: (
        params: { by: number },
        options?: CallOptions,
      ) => Promise<number>;
      readonly status: (
        params?: NoParams,
        options?: CallOptions,
      ) => Promise<{ total: number; since: string }>;
      readonly whose: (
        params: { id: string },
        options?: CallOptions,
      ) => Promise<string>;
    }
  >
>;

interface Shapes {
  any(params: Anything): Anything;
  unknown(params: unknown): unknown;
  object(params: object): object;
  empty(params: {}): number;
  union(params: { a: Date } | { b: Date }): number;
  orNothing(params: { a: number } | undefined): number;
  property: (params: { a: number }) => number;
  optional?(params: { a: number }): number;
  generic<T>(params: { key: string }): T;
  observable(): Observable<Date>;
  fails(): never;
}
type Anything = ReturnType<typeof JSON.parse>;
interface Observable<T> {
  subscribe(observer: { next: (value: T) => void }): () => void;
  forEach(next: (value: T) => void): Promise<void>;
}
type Call<Params, Result> = (
  params: Params,
  options?: CallOptions,
) => Promise<Result>;
type CallOrBare<Params, Result> = (
  params?: Params,
  options?: CallOptions,
) => Promise<Result>;

export type OtherShapesOfCommands = Expect<
  Equal<
    Calls<Shapes>,
    {
      readonly any: CallOrBare<JsonObject, JsonValue>;
      readonly unknown: CallOrBare<JsonObject, JsonValue>;
      readonly object: Call<JsonObject, object>;
      readonly empty: Call<NoParams, number>;
      readonly union: Call<{ a: string } | { b: string }, number>;
      readonly orNothing: CallOrBare<{ a: number }, number>;
      readonly property: Call<{ a: number }, number>;
      readonly optional: Call<{ a: number }, number>;
      readonly generic: Call<{ key: string }, JsonValue>;
      readonly observable: CallOrBare<NoParams, string>;
      readonly fails: CallOrBare<NoParams, never>;
    }
  >
>;

interface NoCommands {
  version: string;
  anything: Anything;
  maker: new (params: { a: number }) => Date;
  function: Function;
  single(id: number): string;
  list(ids: number[]): string;
  callback(done: () => void): string;
  mixed(params: { a: number } | number): string;
  two(a: { a: number }, b: { b: number }): string;
  three(a: { a: number }, request: never, more: string): string;
  many(...params: object[]): string;
  [Symbol.iterator](): Iterator<number>;
  // Hooks.
  onModuleInit(): void;
  onApplicationBootstrap(): void;
  onModuleDestroy(): void;
  beforeApplicationShutdown(): void;
  onApplicationShutdown(): void;
  onClientConnected(client: object): void;
  onClientDisconnected(client: object): void;
  // What connectors have themselves.
  name(): string;
  init(): void;
  rpcCall(params: { a: number }): string;
  sendMessage(params: { a: number }): string;
  toString(): string;
  valueOf(): number;
  then(): void;
  toJSON(): string;
}

export type TheRestIsLeftOut = [
  Expect<Equal<Calls<NoCommands>, {}>>,
  Expect<Equal<Calls<unknown>, {}>>,
];

export async function misuse(
  calculator: Calls<CalculatorApi>,
  counter: Calls<PlainCounter>,
): Promise<void> {
  // @ts-expect-error: no such command.
  await calculator.sun({ number1: 1, number2: 2 });
  // @ts-expect-error: parameters are missing.
  await calculator.sum();
  // @ts-expect-error: a parameter is missing.
  await calculator.sum({ number1: 1 });
  // @ts-expect-error: no such parameter.
  await calculator.sum({ number1: 1, number2: 2, number3: 3 });
  // @ts-expect-error: a wrong type.
  await calculator.sum({ number1: 1, number2: '2' });
  // @ts-expect-error: not by position.
  await calculator.sum(1, 2);
  // @ts-expect-error: takes nothing.
  await calculator.ping({ loud: true });
  // @ts-expect-error: no such option.
  await calculator.ping(undefined, { timeOut: 1 });
  // @ts-expect-error: a date travels as a string.
  await calculator.keep({ result: 1, at: new Date() });
  // @ts-expect-error: a number.
  (await calculator.sum({ number1: 1, number2: 2 })).toUpperCase();
  // @ts-expect-error: still a promise.
  calculator.sum({ number1: 1, number2: 2 }).toFixed(2);
  // @ts-expect-error: a date comes back as a string.
  (await calculator.keep({ result: 1, at: '2026-12-24' })).at.getTime();
  // @ts-expect-error: may be absent.
  (await calculator.keep({ result: 1, at: '2026-12-24' })).note.trim();
  // @ts-expect-error: a list may be empty.
  (await calculator.history())[0].result.toFixed(2);
  // @ts-expect-error: takes its values by position.
  await counter.between({ low: 1, high: 2 });
  // @ts-expect-error: a hook.
  await counter.onModuleInit();
  // @ts-expect-error: protected.
  await counter.reset();
  // @ts-expect-error: a field.
  counter.label.trim();
}

export async function use(calculator: Calls<CalculatorApi>): Promise<number> {
  const { signal } = new AbortController();
  await calculator.ping();
  await calculator.ping({});
  await calculator.ping(undefined, { signal, timeout: 0 });
  await calculator.history();
  await calculator.history({ limit: 2 }, { timeout: 100 });
  const { at } = await calculator.keep({
    result: 1,
    at: new Date().toISOString(),
  });
  return calculator.log({ number: at.length });
}
