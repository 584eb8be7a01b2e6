import type { JsonObject, JsonValue } from '../../../../src/protocol/json.js';
import type { Jsonify } from '../../../../src/protocol/jsonify.js';
import type { RpcNotification } from '../../../../src/protocol/rpc.js';
import type { Equal, Expect } from '../equal.js';

declare const brand: unique symbol;
type Id = number & { readonly [brand]: 'Id' };
type Color = 'red' | 'green';
enum Level {
  Low,
  High,
}

export type PrimitivesRemain = [
  Expect<Equal<Jsonify<string>, string>>,
  Expect<Equal<Jsonify<number>, number>>,
  Expect<Equal<Jsonify<boolean>, boolean>>,
  Expect<Equal<Jsonify<null>, null>>,
  Expect<Equal<Jsonify<7 | Color>, 7 | Color>>,
  Expect<Equal<Jsonify<`${Color}-${number}`>, `${Color}-${number}`>>,
  Expect<Equal<Jsonify<Level>, Level>>,
  Expect<Equal<Jsonify<Id>, Id>>,
  Expect<Equal<Jsonify<{ id: Id }>, { id: Id }>>,
];

class Money {
  constructor(
    readonly amount: number,
    private readonly from: Date,
  ) {}

  toJSON(key: string): { key: string; amount: number; from: Date } {
    return { key, amount: this.amount, from: this.from };
  }
}
interface Itself {
  readonly size: number;
  toJSON(): Itself;
}

export type ObjectsSayWhatTheyBecome = [
  Expect<Equal<Jsonify<Date>, string>>,
  Expect<Equal<Jsonify<URL>, string>>,
  Expect<Equal<Jsonify<Money>, { key: string; amount: number; from: string }>>,
  Expect<Equal<Jsonify<Itself>, { readonly size: number }>>,
  Expect<Equal<Jsonify<{ toJSON(): unknown }>, JsonValue>>,
  Expect<Equal<Jsonify<{ toJSON(): undefined }>, null>>,
];

class Task {
  static count = 0;
  readonly id = 1;
  title = '';
  due?: Date;
  protected state = 0;
  readonly #hidden = true;

  isDue = (): boolean => this.#hidden;

  close(): void {
    this.state = 1;
  }
}
interface Row {
  readonly id: number;
  at: Date;
  note: string | undefined;
  gone: undefined;
  nothing: void;
  optional?: number;
  either?: Date | undefined;
  onClick: () => void;
  maybeOnClick: string | (() => void);
  make: new () => Date;
  symbol: symbol;
  [brand]: string;
  big: bigint;
  whatever: unknown;
}

interface Open {
  [key: string]: Date | number;
  at: Date;
}

export type PropertiesRemainThatJsonWrites = [
  Expect<
    Equal<
      Jsonify<Row>,
      {
        readonly id: number;
        at: string;
        note?: string;
        optional?: number;
        either?: string;
        maybeOnClick?: string;
        big: never;
        whatever?: JsonValue;
      }
    >
  >,
  Expect<Equal<Jsonify<Task>, { readonly id: 1; title: string; due?: string }>>,
  Expect<
    Equal<
      Jsonify<{ name: string; message: string }>,
      { name: string; message: string }
    >
  >,
  Expect<Equal<Jsonify<Open>, { [key: string]: string | number; at: string }>>,
  Expect<Equal<Jsonify<RpcNotification>['type'], string>>,
  Expect<Equal<Jsonify<RpcNotification>['other'], JsonValue | undefined>>,
  Expect<Equal<Jsonify<Record<string, Date>>, { [x: string]: string }>>,
  Expect<
    Equal<
      Jsonify<Partial<Record<Color, Date>>>,
      { red?: string; green?: string }
    >
  >,
  Expect<
    Equal<Jsonify<{ a: Date } | { b: Date }>, { a: string } | { b: string }>
  >,
  Expect<Equal<Jsonify<Date | number | undefined>, string | number | null>>,
];

export type ListsRemainLists = [
  Expect<Equal<Jsonify<Date[]>, string[]>>,
  Expect<Equal<Jsonify<readonly Date[]>, readonly string[]>>,
  Expect<Equal<Jsonify<(Date | undefined)[]>, (string | null)[]>>,
  Expect<Equal<Jsonify<(() => void)[]>, null[]>>,
  Expect<Equal<Jsonify<Date[][]>, string[][]>>,
  Expect<Equal<Jsonify<[]>, []>>,
  Expect<Equal<Jsonify<[Date, number]>, [string, number]>>,
  Expect<Equal<Jsonify<readonly [Date, symbol]>, readonly [string, null]>>,
  Expect<Equal<Jsonify<[Date, Date?]>, [string, (string | null)?]>>,
  Expect<Equal<Jsonify<[number, ...Date[]]>, [number, ...string[]]>>,
];

export type NothingRemainsOfWhatIsHidden = [
  Expect<Equal<Jsonify<Map<string, Date>>, {}>>,
  Expect<Equal<Jsonify<ReadonlySet<number>>, {}>>,
  Expect<Equal<Jsonify<WeakMap<object, number>>, {}>>,
  Expect<Equal<Jsonify<RegExp>, {}>>,
  Expect<Equal<Jsonify<{ later: Promise<number> }>, { later: {} }>>,
  Expect<Equal<Jsonify<Uint8Array>, { readonly [index: string]: number }>>,
];

export type WholeResultsHaveTheirOwnRules = [
  Expect<Equal<Jsonify<undefined>, null>>,
  Expect<Equal<Jsonify<void>, null>>,
  Expect<Equal<Jsonify<bigint>, never>>,
  Expect<Equal<Jsonify<() => void>, never>>,
  Expect<Equal<Jsonify<symbol>, never>>,
  Expect<Equal<Jsonify<never>, never>>,
];

type Anything = ReturnType<typeof JSON.parse>;

export type AnythingIsSomeJson = [
  Expect<Equal<Jsonify<unknown>, JsonValue>>,
  Expect<Equal<Jsonify<Anything>, JsonValue>>,
  Expect<Equal<Jsonify<Anything[]>, JsonValue[]>>,
  Expect<Equal<Jsonify<{ a: Anything }>, { a?: JsonValue }>>,
  Expect<Equal<Jsonify<JsonValue | Date | undefined>, JsonValue>>,
];

type OtherJson =
  null | boolean | number | string | OtherJson[] | { [key: string]: OtherJson };
type Filter = ['and', ...Filter[]] | ['not', Filter] | ['==', string, number];
interface Tree {
  at: Date;
  parent: Tree | undefined;
  children: Tree[];
}
interface PlainTree {
  at: string;
  parent?: PlainTree;
  children: PlainTree[];
}

export type RecursionHasAnEnd = [
  Expect<Equal<Jsonify<JsonValue>, JsonValue>>,
  Expect<Equal<Jsonify<JsonObject>, JsonObject>>,
  Expect<Equal<Jsonify<{ a: JsonValue }>, { a: JsonValue }>>,
  Expect<Equal<Jsonify<OtherJson>, OtherJson>>,
  Expect<Equal<Jsonify<Filter>, Filter>>,
  Expect<Equal<Jsonify<Tree>, PlainTree>>,
];

/** What is JSON already may be used as what it was. */
export function asBefore(
  tree: Jsonify<PlainTree>,
  json: Jsonify<OtherJson>,
): [PlainTree, OtherJson] {
  // @ts-expect-error: may be absent.
  tree.parent.at.trim();
  // @ts-expect-error: a string by now.
  tree.at.getTime();
  return [tree, json];
}
