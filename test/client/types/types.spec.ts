import { beforeAll, describe, expect, it } from '@jest/globals';
import { changed, Project, type Instead } from './project.js';

const HERE = 'test/client/types';
const UNUSED = "2578 Unused '@ts-expect-error' directive.";
const UNEQUAL = "2344 Type 'false' does not satisfy the constraint 'true'.";

describe('The types of a browser project', () => {
  let project: Project;

  beforeAll(() => {
    project = new Project(`${HERE}/browser/tsconfig.json`, 'browser');
  });

  it('are as they are used', () => {
    expect(project.compile()).toEqual([]);
  }, 60_000);

  it('take the socket that browsers have', () => {
    const page = (address: string): Instead =>
      new Map([
        [
          `${HERE}/browser/page.ts`,
          `import { rpc, Snorky } from 'snorky/client';
           import type { CalculatorApi } from '../calculator-api.js';
           export const sum: Promise<number> = new Snorky(WebSocket, ${address}, {
             calculator: rpc<CalculatorApi>(),
           }).services.calculator.sum({ number1: 2, number2: 3 });`,
        ],
      ]);
    expect(project.compileOwn(page("'wss://example.com/ws'"))).toEqual([]);
    expect(project.compileOwn(page('7'))).toEqual([
      expect.stringContaining(`${HERE}/browser/page.ts: 2345 `),
    ]);
  }, 60_000);

  it.each([
    [
      'a call that fails succeeds',
      'calls',
      UNUSED,
      'calculator.sun(',
      'calculator.sum(',
    ],
    [
      'a service that is missing is there',
      'rpc',
      UNUSED,
      'services.calculators',
      'services.calculator',
    ],
    [
      'a type is expected to be another one',
      'jsonify',
      UNEQUAL,
      'Jsonify<Date>, string',
      'Jsonify<Date>, Date',
    ],
  ] as const)(
    'are refused when %s',
    (_what, name, problem, part, other) => {
      const file = `${HERE}/browser/${name}.ts`;
      expect(project.compileOwn(changed(file, part, other))).toEqual([
        `${file}: ${problem}`,
      ]);
    },
    60_000,
  );

  const protocol = 'src/protocol';
  it.each([
    [
      'results are not converted',
      `${protocol}/jsonify.ts`,
      /export type Jsonify<T> = .*?;/s,
      'export type Jsonify<T> = T;',
    ],
    [
      'dates are not converted',
      `${protocol}/jsonify.ts`,
      'toJSON(key',
      'toJson(key',
    ],
    [
      'anything stays anything',
      `${protocol}/jsonify.ts`,
      /\? JsonValue/,
      '? T',
    ],
    [
      'what may be absent is always there',
      `${protocol}/jsonify.ts`,
      "extends 'maybe' ? K : never]?:",
      "extends 'maybe' ? K : never]:",
    ],
    [
      'tuples that contain themselves are looked into',
      `${protocol}/jsonify.ts`,
      'readonly Plain[]\n',
      'never\n',
    ],
    [
      'any second parameter is a request',
      `${protocol}/command-of.ts`,
      '[Request] extends [RequestLike | undefined]',
      '[Request] extends [unknown]',
    ],
    [
      'parameters are always optional',
      `${protocol}/command-of.ts`,
      '? true\n    : false',
      '? true\n    : true',
    ],
    [
      'functions are JSON',
      `${protocol}/json-input.ts`,
      /\? NotJson<`\S+ is a function`>/,
      '? T',
    ],
    [
      'collections are JSON',
      `${protocol}/json-input.ts`,
      /\? NotJson<`\S+ keeps what it holds from JSON`>/,
      '? T',
    ],
    [
      'collections are objects',
      `${protocol}/json-input.ts`,
      'readonly [Symbol.toStringTag]?: never;',
      '',
    ],
    [
      'interfaces are none',
      `${protocol}/json-input.ts`,
      'valueOf(): unknown;',
      'none(): unknown;',
    ],
    ['hooks are calls', 'src/client/calls/calls.ts', ' | HookName;', ';'],
    [
      'calls hide what connectors have',
      'src/client/calls/calls.ts',
      '  keyof RPCService |',
      ' ',
    ],
    [
      'parameters keep their dates',
      'src/client/calls/calls.ts',
      /params: Jsonify<(.*?)>,/,
      'params: $1,',
    ],
    [
      'results keep their dates',
      'src/client/calls/calls.ts',
      /Promise<Jsonify<(.*?)>>/g,
      'Promise<$1>',
    ],
  ] as const)(
    'are refused when %s',
    (_what, file, part, other) => {
      expect(project.compileOwn(changed(file, part, other))).not.toEqual([]);
    },
    60_000,
  );
});

describe('The types of a server', () => {
  let project: Project;

  beforeAll(() => {
    project = new Project('tsconfig.json', 'server');
  });

  it('are as they are used', () => {
    // What it is made of, `npm run typecheck` compiles.
    expect(project.compileOwn(new Map())).toEqual([]);
  }, 60_000);

  it.each([
    [
      'an error is none',
      `${HERE}/server/commands.ts`,
      'wait(): number',
      'wait(): string',
    ],
    [
      'a client asks for more',
      `${HERE}/calculator-api.ts`,
      'ping(): string',
      'ping(): string; pong(): string',
    ],
    [
      'a client gives something else',
      `${HERE}/calculator-api.ts`,
      'number2: number',
      'number2: string',
    ],
    [
      'a client expects something else',
      `${HERE}/calculator-api.ts`,
      'ping(): string',
      'ping(): number',
    ],
    [
      'methods may ask for anything',
      'src/core/rpc/commands.ts',
      '[params: Params,',
      '[params: never,',
    ],
    [
      'where clients give nothing, methods get nothing',
      'src/core/rpc/commands.ts',
      '? never[]\n  :',
      '? []\n  :',
    ],
    [
      'single values are taken for an object',
      'src/core/rpc/commands.ts',
      'ByName extends true ? never[] : ',
      '',
    ],
    [
      'methods may give anything',
      'src/core/rpc/commands.ts',
      '=> MaybePromise<R',
      '=> MaybePromise<unknown',
    ],
    [
      'methods get nothing else',
      'src/core/rpc/commands.ts',
      ', ...injected: never[]',
      '',
    ],
    [
      'every method may give nothing',
      'src/core/rpc/commands.ts',
      'Name extends ByHand ? void : never',
      'void',
    ],
    [
      'what is no command may be implemented',
      'src/core/rpc/commands.ts',
      '[Command] extends [never]\n  ? never',
      '[Command] extends [never]\n  ? unknown',
    ],
  ] as const)(
    'are refused when %s',
    (_what, file, part, other) => {
      expect(project.compileOwn(changed(file, part, other))).not.toEqual([]);
    },
    60_000,
  );
});
