import { describe, expect, it } from '@jest/globals';
import {
  ParseBoolPipe,
  ParseIntPipe,
  type CanActivate,
  type Provider,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { IsInt } from 'class-validator';
import fc from 'fast-check';
import {
  RpcCommand,
  RpcParam,
  RpcParams,
  SnorkyService,
  type JsonValue,
} from 'snorky';
import { z } from 'zod';
import { startWithSocket } from '../../support/servers/services.js';

class Money {
  constructor(readonly cents: number) {}
}

class Amount {
  @IsInt() cents!: number;
}

class Later extends Date {}

/** Types that JSON has in no way, or in several. */
const UNCHECKABLE: Readonly<
  Record<string, readonly [type: unknown, code: string]>
> = {
  Map: [Map, 'SNORKY_PARAMS_UNCHECKED'],
  Set: [Set, 'SNORKY_PARAMS_UNCHECKED'],
  WeakMap: [WeakMap, 'SNORKY_PARAMS_UNCHECKED'],
  Buffer: [Buffer, 'SNORKY_PARAMS_UNCHECKED'],
  ArrayBuffer: [ArrayBuffer, 'SNORKY_PARAMS_UNCHECKED'],
  Uint8Array: [Uint8Array, 'SNORKY_PARAMS_UNCHECKED'],
  Float64Array: [Float64Array, 'SNORKY_PARAMS_UNCHECKED'],
  BigInt64Array: [BigInt64Array, 'SNORKY_PARAMS_UNCHECKED'],
  DataView: [DataView, 'SNORKY_PARAMS_UNCHECKED'],
  RegExp: [RegExp, 'SNORKY_PARAMS_UNCHECKED'],
  Function: [Function, 'SNORKY_PARAMS_UNCHECKED'],
  Symbol: [Symbol, 'SNORKY_PARAMS_UNCHECKED'],
  Promise: [Promise, 'SNORKY_PARAMS_UNCHECKED'],
  Error: [Error, 'SNORKY_PARAMS_UNCHECKED'],
  URLSearchParams: [URLSearchParams, 'SNORKY_PARAMS_UNCHECKED'],
  Blob: [Blob, 'SNORKY_PARAMS_UNCHECKED'],
  // What a circular import leaves of a class.
  undefined: [undefined, 'SNORKY_PARAMS_UNCHECKED'],
  Money: [Money, 'SNORKY_PARAMS_UNDECORATED'],
  Later: [Later, 'SNORKY_PARAMS_UNDECORATED'],
};

/** Decorates as a compiler does for a parameter of a type. */
function declare(
  type: unknown,
  decorate: (decorators: MethodDecorator[]) => void,
): new () => object {
  class Declared {
    take(_value: unknown): void {}
  }
  const decorators: MethodDecorator[] = [
    Reflect.metadata('design:paramtypes', [type]) as MethodDecorator,
  ];
  decorate(decorators);
  Reflect.decorate(
    decorators,
    Declared.prototype,
    'take',
    Object.getOwnPropertyDescriptor(Declared.prototype, 'take'),
  );
  Reflect.decorate([SnorkyService('declared')], Declared);
  return Declared;
}

const asParam =
  (decorator: ParameterDecorator): MethodDecorator =>
  (target, key) =>
    decorator(target, key, 0);

const start = async (service: Provider): Promise<void> => {
  await using _app = await startWithSocket([service]);
};

describe.each(Object.entries(UNCHECKABLE))(
  'A parameter declared as %s',
  (reflected, [type, code]) => {
    it.each<[string, (decorators: MethodDecorator[]) => void]>([
      ['by name', (all) => all.push(asParam(RpcParam('value')), RpcCommand())],
      [
        'by name and optional',
        (all) =>
          all.push(
            asParam(RpcParam('value', { optional: true })),
            RpcCommand(),
          ),
      ],
      [
        'by @RpcParams()',
        (all) => all.push(asParam(RpcParams()), RpcCommand()),
      ],
      ['as (params)', (all) => all.push(RpcCommand())],
    ])('%s stops the start', async (_way, decorate) => {
      await expect(start(declare(type, decorate))).rejects.toMatchObject({
        code,
        message: expect.stringContaining(
          code === 'SNORKY_PARAMS_UNCHECKED'
            ? `type is only "${reflected}"`
            : `no property of ${reflected} has`,
        ),
      });
    });

    it.each<[string, (decorators: MethodDecorator[]) => void]>([
      [
        'unchecked',
        (all) =>
          all.push(asParam(RpcParam('value')), RpcCommand({ unchecked: true })),
      ],
      [
        'unchecked, as (params)',
        (all) => all.push(RpcCommand({ unchecked: true })),
      ],
      [
        'with a schema',
        (all) => all.push(asParam(RpcParam('value', z.any())), RpcCommand()),
      ],
      [
        'with a pipe',
        (all) =>
          all.push(asParam(RpcParam('value', ParseIntPipe)), RpcCommand()),
      ],
      [
        'with a schema, as (params)',
        (all) => all.push(RpcCommand({ params: z.any() })),
      ],
    ])('%s does not', async (_way, decorate) => {
      const starting = start(declare(type, decorate));
      await expect(starting).resolves.toBeUndefined();
    });

    it('stops the start where it is inherited', async () => {
      const parent = declare(type, (all) =>
        all.push(asParam(RpcParam('value')), RpcCommand()),
      );
      @SnorkyService('heir')
      class Heir extends parent {}
      await expect(start(Heir)).rejects.toMatchObject({ code });
    });
  },
);

class Allow implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

class Base {
  @RpcCommand()
  inherited(@RpcParam('value') value: Date): JsonValue {
    return [value instanceof Date, value.toISOString()];
  }

  @RpcCommand()
  redeclared(@RpcParam('n') n: unknown): JsonValue {
    return n as JsonValue;
  }
}

@SnorkyService('types')
class Types extends Base {
  @RpcCommand()
  date(@RpcParam('value') value: Date): JsonValue {
    return [value instanceof Date, value.toISOString()];
  }

  @RpcCommand()
  whenever(@RpcParam('value', { optional: true }) value?: Date): JsonValue {
    return value?.toISOString() ?? 'never';
  }

  @RpcCommand()
  url(@RpcParam('value') value: URL): JsonValue {
    return [value instanceof URL, value.href];
  }

  @RpcCommand()
  big(@RpcParam('value') value: bigint): JsonValue {
    return [typeof value, value.toString()];
  }

  @RpcCommand()
  list(@RpcParam('value') value: Date[]): JsonValue {
    return typeof value[0];
  }

  @RpcCommand({ unchecked: true })
  unchecked(@RpcParam('value') value: Date): JsonValue {
    return typeof value;
  }

  @RpcCommand()
  piped(@RpcParam('value', ParseBoolPipe) value: boolean): JsonValue {
    return value;
  }

  @RpcCommand()
  amount(@RpcParam('value') value: Amount): JsonValue {
    return value instanceof Amount;
  }

  @RpcCommand()
  union(@RpcParam('value') value: string | number): JsonValue {
    return value;
  }
}

// Its own declaration, with nothing of the one that it overrides.
@SnorkyService('heir')
class Heir extends Base {
  @RpcCommand()
  override redeclared(params: Amount): JsonValue {
    return params instanceof Amount;
  }
}

const WAYS: Readonly<Record<string, readonly Provider[]>> = {
  directly: [],
  'through a guard': [{ provide: APP_GUARD, useClass: Allow }],
};

describe.each(Object.entries(WAYS))(
  'A declared type of a command that is called %s',
  (_way, guards) => {
    it.each<[string, JsonValue, JsonValue]>([
      ['date', '2026-11-20T10:15:30.250Z', [true, '2026-11-20T10:15:30.250Z']],
      ['date', '2026-11-20T10:15:30+02:00', [true, '2026-11-20T08:15:30.000Z']],
      ['date', '2026-11-20T10:15Z', [true, '2026-11-20T10:15:00.000Z']],
      ['date', '2026-11-20', [true, '2026-11-20T00:00:00.000Z']],
      ['date', '2024-02-29', [true, '2024-02-29T00:00:00.000Z']],
      [
        'date',
        '+012026-01-01T00:00:00Z',
        [true, '+012026-01-01T00:00:00.000Z'],
      ],
      ['date', '0001-01-01', [true, '0001-01-01T00:00:00.000Z']],
      ['inherited', '2026-11-20', [true, '2026-11-20T00:00:00.000Z']],
      ['whenever', '2026-11-20', '2026-11-20T00:00:00.000Z'],
      ['url', 'https://a.example/b?c#d', [true, 'https://a.example/b?c#d']],
      ['url', 'mailto:ann@a.example', [true, 'mailto:ann@a.example']],
      ['big', '12345678901234567890', ['bigint', '12345678901234567890']],
      ['big', '-7', ['bigint', '-7']],
      ['big', '0', ['bigint', '0']],
      ['list', [1, 'anything'], 'number'],
      ['unchecked', '2026', 'string'],
      ['piped', true, true],
      ['amount', { cents: 5 }, true],
      ['union', 'a', 'a'],
      ['union', { not: 'seen' }, { not: 'seen' }],
    ])('takes the call %s(%j)', async (command, value, data) => {
      await using app = await startWithSocket([Types, ...guards]);
      expect(await app.socket.call('types', command, { value })).toMatchObject({
        type: 'response',
        data,
      });
    });

    it('refuses everything else', async () => {
      await using app = await startWithSocket([Types, ...guards]);
      const wrong: Readonly<Record<string, readonly JsonValue[]>> = {
        date: [
          '2026-02-30',
          '2025-02-29',
          '2026-13-01',
          '2026-00-10',
          '2026-01-00',
          '2026-1-1',
          '2026-01-01T10:00', // of which time zone?
          '2026-01-01T10:00:00',
          '2026-01-01T24:00Z',
          '2026-01-01T10:60Z',
          '2026-01-01T10:00:60Z',
          '2026-01-01T10:00:00.Z',
          '2026-01-01T10:00+25:00',
          '2026-01-01 10:00Z',
          ' 2026-01-01',
          '2026-01-01\n',
          '-000000-01-01T00:00:00Z',
          '+999999-01-01T00:00:00Z',
          '20 Nov 2026',
          '2026',
          '',
          'x'.repeat(100_000),
          1763633730250,
          null,
          true,
          [],
          ['2026-01-01'],
          {},
        ],
        inherited: ['20 Nov 2026', 5],
        whenever: [null, 'never'],
        url: ['/a', 'a.example', '', ' https://a.example', 'https://', 5, null],
        big: [
          '1.0',
          '1e3',
          '0x1',
          '007',
          '-0',
          '+1',
          '',
          ' 1',
          'a',
          1,
          null,
        ].concat('9'.repeat(1001)),
        list: ['a', null, {}],
        amount: [{ cents: 'a' }, {}, 5, null],
      };
      for (const [command, values] of Object.entries(wrong)) {
        for (const value of values) {
          expect([
            command,
            value,
            await app.socket.call('types', command, { value }),
          ]).toMatchObject([command, value, { message: 'Invalid params' }]);
        }
      }
      expect(await app.socket.call('types', 'whenever')).toMatchObject({
        data: 'never',
      });
    });

    it('takes whatever JSON made of a Date, a URL or a bigint', async () => {
      await using app = await startWithSocket([Types, ...guards]);
      const call = async (command: string, value: unknown): Promise<unknown> =>
        (
          (await app.socket.call('types', command, { value })) as {
            data: [unknown, unknown];
          }
        ).data[1];
      await fc.assert(
        fc.asyncProperty(
          fc.date({ noInvalidDate: true }),
          fc.webUrl({ withFragments: true, withQueryParameters: true }),
          fc.bigInt(),
          async (date, url, big) => {
            expect(await call('date', date)).toBe(date.toISOString());
            expect(await call('url', new URL(url))).toBe(new URL(url).href);
            expect(await call('big', String(big))).toBe(String(big));
          },
        ),
        { numRuns: 50 },
      );
    });
  },
);

it('An override without parameter decorators has none of what it overrides', async () => {
  await using app = await startWithSocket([Heir]);
  const call = (params: object): Promise<unknown> =>
    app.socket.call('heir', 'redeclared', params);
  expect(await call({ cents: 1 })).toMatchObject({ data: true });
  expect(await call({ n: 1 })).toMatchObject({ message: 'Invalid params' });
});
