import { describe, expect, it } from '@jest/globals';
import {
  BadRequestException,
  ForbiddenException,
  NotAcceptableException,
  ParseIntPipe,
  UnprocessableEntityException,
  UseGuards,
  UsePipes,
  ValidationPipe,
  type CanActivate,
  type PipeTransform,
  type Provider,
} from '@nestjs/common';
import { APP_GUARD, APP_PIPE } from '@nestjs/core';
import { Type } from 'class-transformer';
import {
  IsEmail,
  IsString,
  MinLength,
  ValidateNested,
  type ValidationError,
} from 'class-validator';
import {
  PubSubModule,
  PubSubService,
  RpcCommand,
  RpcError,
  RpcParam,
  RpcParams,
  SnorkyModule,
  SnorkyService,
  type JsonValue,
  type SnorkyModuleOptions,
  type StandardSchema,
} from 'snorky';
import {
  isInvalidParams,
  rpc,
  RpcError as AnsweredError,
  Snorky,
} from 'snorky/client';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { startApp, type RunningApp } from '../../support/servers/app.js';
import { startWithSocket } from '../../support/servers/services.js';
import { TestSocket } from '../../support/sockets/socket.js';

class Address {
  @IsString() @MinLength(2) street!: string;
}

class Item {
  @IsString() name!: string;
}

class SignUp {
  @IsEmail() email!: string;
  @MinLength(8) @IsString() password!: string;
  @ValidateNested() @Type(() => Address) address!: Address;
  @ValidateNested({ each: true }) @Type(() => Item) items!: Item[];
}

class ZodPipe implements PipeTransform {
  transform(value: unknown): unknown {
    const { success, error, data } = z
      .object({ a: z.object({ b: z.array(z.number()) }) })
      .safeParse(value);
    if (success) return data;
    // As nestjs-zod has it.
    throw new BadRequestException({
      statusCode: 400,
      message: 'Validation failed',
      errors: error.issues,
    });
  }
}

class TeapotGuard implements CanActivate {
  canActivate(): boolean {
    throw new ForbiddenException('Not you');
  }
}

const factory = (make: (errors: ValidationError[]) => unknown): PipeTransform =>
  new ValidationPipe({ exceptionFactory: make });

@SnorkyService('forms')
class Forms {
  @RpcCommand()
  signUp(_params: SignUp): void {}

  @RpcCommand()
  all(@RpcParams() _params: SignUp): void {}

  @RpcCommand()
  named(
    @RpcParam('person') _person: SignUp,
    @RpcParam('n') _n: number,
    @RpcParam('tags', { optional: true }) _tags?: string[],
    @RpcParam('when', { optional: true }) _when?: Date,
  ): void {}

  @RpcCommand({
    params: z.object({
      name: z.string().min(2),
      items: z.array(z.object({ n: z.number() })),
    }),
  })
  schema(_params: unknown): void {}

  @RpcCommand()
  schemas(@RpcParam('age', z.number().min(18)) _age: number): void {}

  @RpcCommand()
  parsed(
    @RpcParam('a', ParseIntPipe) _a: number,
    @RpcParam('b', ParseIntPipe) _b: number,
  ): void {}

  @RpcCommand()
  zod(@RpcParam('v', ZodPipe) _v: unknown): void {}

  @RpcCommand()
  piped(@RpcParam('person', new ValidationPipe()) _person: SignUp): void {}

  @RpcCommand()
  @UsePipes(new ValidationPipe())
  pipedWhole(_params: SignUp): void {}

  @RpcCommand()
  grouped(
    @RpcParam('v', new ValidationPipe({ errorFormat: 'grouped' }))
    _v: SignUp,
  ): void {}

  @RpcCommand({ unchecked: true })
  @UsePipes(factory((errors) => new BadRequestException(errors)))
  asErrors(_params: SignUp): void {}

  @RpcCommand({ unchecked: true })
  @UsePipes(factory((errors) => new UnprocessableEntityException({ errors })))
  unprocessable(_params: SignUp): void {}

  @RpcCommand({ unchecked: true })
  @UsePipes(
    factory(
      (errors) =>
        new NotAcceptableException({
          message: 'No',
          fields: Object.fromEntries(
            errors.map(({ property }) => [property, 'is wrong']),
          ),
        }),
    ),
  )
  asFields(_params: SignUp): void {}

  @RpcCommand({ unchecked: true })
  @UsePipes(factory(() => new BadRequestException('All of it is wrong')))
  asSentence(_params: SignUp): void {}

  @RpcCommand({ unchecked: true })
  @UsePipes(factory(() => new RpcError({ own: true })))
  asRpcError(_params: SignUp): void {}

  @RpcCommand({ unchecked: true })
  @UsePipes(factory(() => new Error('a bug in the factory')))
  broken(_params: SignUp): void {}

  @RpcCommand()
  @UseGuards(TeapotGuard)
  guarded(_params: SignUp): void {}

  @RpcCommand({ validationErrors: 'hide' })
  hidden(_params: SignUp): void {}

  @RpcCommand()
  fails(@RpcParam('n') _n: number): never {
    throw new RpcError('of its own');
  }
}

const wrong = {
  email: 'no',
  password: 'c4n4ry',
  address: { street: 1 },
  items: [{ name: 'ok' }, { name: 2 }],
};
const fieldsOf = (prefix = ''): Record<string, unknown> => ({
  [`${prefix}email`]: ['email must be an email'],
  [`${prefix}password`]: [
    'password must be longer than or equal to 8 characters',
  ],
  [`${prefix}address.street`]: expect.arrayContaining([
    'street must be longer than or equal to 2 characters',
    'street must be a string',
  ]),
  [`${prefix}items.1.name`]: ['name must be a string'],
});
const told = (fields: object): object => ({
  type: 'error',
  message: { code: 'invalid_params', fields },
});
const PLAIN = { type: 'error', message: 'Invalid params' };

function start(
  options: Partial<SnorkyModuleOptions> = {},
  providers: Provider[] = [],
): Promise<RunningApp> {
  return startApp({
    imports: [
      SnorkyModule.forRoot({
        registries: { frontend: { websocket: { path: '/ws' } } },
        validationErrors: 'expose',
        ...options,
      }),
      PubSubModule.register(),
    ],
    providers: [Forms, ZodPipe, ...providers],
  });
}

class Allow implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

const WAYS: Readonly<Record<string, readonly Provider[]>> = {
  directly: [],
  'through a guard': [{ provide: APP_GUARD, useClass: Allow }],
  'through a ValidationPipe for everything': [
    { provide: APP_PIPE, useValue: new ValidationPipe() },
  ],
};

describe.each(Object.entries(WAYS))(
  'Validation errors that are exposed, of a command that is called %s',
  (_way, providers) => {
    it.each<[string, object, object]>([
      ['signUp', wrong, told(fieldsOf())],
      ['all', wrong, told(fieldsOf())],
      [
        'signUp',
        {},
        told(
          expect.objectContaining({
            email: ['email must be an email'],
            password: expect.arrayContaining(['password must be a string']),
          }) as object,
        ),
      ],
      ['named', { person: wrong, n: 1 }, told(fieldsOf('person.'))],
      [
        'named',
        { person: 5, n: 1 },
        told({ person: expect.any(Array) as unknown }),
      ],
      [
        'schema',
        { name: 'x', items: [{ n: 1 }, { n: 'x' }] },
        told({ name: [expect.any(String)], 'items.1.n': [expect.any(String)] }),
      ],
      ['schemas', { age: 7 }, told({ age: [expect.any(String)] })],
      [
        'parsed',
        { a: '1', b: 'x' },
        told({ b: ['Validation failed (numeric string is expected)'] }),
      ],
      [
        'zod',
        { v: { a: { b: [1, 'x'] } } },
        told({ 'v.a.b.1': [expect.any(String)] }),
      ],
      [
        'named',
        { person: wrong, n: 'x', tags: 1, when: 'soon' },
        told({
          ...fieldsOf('person.'),
          n: ['must be a number'],
          tags: ['must be an array'],
          when: ['must be a date in ISO 8601'],
        }),
      ],
      [
        'parsed',
        { a: 'y', b: 'x' },
        told({ a: [expect.any(String)], b: [expect.any(String)] }),
      ],
      ['piped', { person: wrong }, told(fieldsOf('person.'))],
      ['grouped', { v: wrong }, told(fieldsOf('v.'))],
      ['pipedWhole', wrong, told(fieldsOf())],
    ])(
      'tells which fields of %s(%j) are wrong',
      async (command, params, answer) => {
        await using app = await start({}, [...providers]);
        await using socket = await TestSocket.connect(`${app.ws}/ws`);
        expect(await socket.call('forms', command, params)).toMatchObject(
          answer,
        );
      },
    );

    it.each<[string, object]>([
      ['named', { n: 1 }],
      ['parsed', { a: '1' }],
      ['parsed', { a: '1', b: '2', c: 3 }],
      ['signUp', { ...wrong, colour: 'red' }],
      ['signUp', { ...wrong, address: { street: 'Elm', colour: 'red' } }],
      ['hidden', wrong],
    ])('are no more than two words for %s(%j)', async (command, params) => {
      await using app = await start({}, [...providers]);
      await using socket = await TestSocket.connect(`${app.ws}/ws`);
      expect(await socket.call('forms', command, params)).toMatchObject(PLAIN);
    });

    it('leave all other errors as they are', async () => {
      await using app = await start({}, [...providers]);
      await using socket = await TestSocket.connect(`${app.ws}/ws`);
      const call = (command: string, params: object): Promise<unknown> =>
        socket.call('forms', command, params);
      expect(await call('guarded', wrong)).toMatchObject({
        message: 'Not you',
      });
      expect(await call('fails', { n: 1 })).toMatchObject({
        message: 'of its own',
      });
      expect(await call('unknown', {})).toMatchObject({
        message: 'Unknown command',
      });
      socket.send('forms', { command: 'signUp', params: [], callId: 1 });
      expect(await socket.next()).toMatchObject({
        message: { message: 'Invalid params' },
      });
    });
  },
);

describe('What an exceptionFactory makes of validation errors', () => {
  const named = {
    email: [expect.any(String)],
    'address.street': expect.any(Array),
    'items.1.name': [expect.any(String)],
  };

  it.each<[string, unknown, JsonValue]>([
    [
      'asErrors',
      told(expect.objectContaining(named) as object),
      'Invalid params',
    ],
    [
      'unprocessable',
      told(expect.objectContaining(named) as object),
      'Unprocessable Entity Exception',
    ],
    [
      'asFields',
      told(expect.objectContaining({ email: ['is wrong'] }) as object),
      'No',
    ],
    ['asSentence', told({ '': ['All of it is wrong'] }), 'Invalid params'],
    ['asRpcError', { message: { own: true } }, { own: true }],
    ['broken', { message: 'Internal error' }, 'Internal error'],
  ])(
    'is exposed, or answered as it is (%s)',
    async (command, exposed, plain) => {
      await using open = await start();
      await using closed = await start({ validationErrors: 'hide' });
      await using socket = await TestSocket.connect(`${open.ws}/ws`);
      await using other = await TestSocket.connect(`${closed.ws}/ws`);
      expect(await socket.call('forms', command, wrong)).toMatchObject(
        exposed as object,
      );
      expect(await other.call('forms', command, wrong)).toMatchObject({
        type: 'error',
        message: plain,
      });
    },
  );
});

describe('The option validationErrors', () => {
  it('is hide unless somebody says otherwise, and a command may', async () => {
    @SnorkyService('two')
    class Two {
      @RpcCommand()
      closed(@RpcParam('n') _n: number): void {}

      @RpcCommand({ validationErrors: 'expose' })
      open(@RpcParam('n') _n: number): void {}
    }
    await using app = await startWithSocket([Two]);
    const n = 'x';
    expect(await app.socket.call('two', 'closed', { n })).toMatchObject(PLAIN);
    expect(await app.socket.call('two', 'open', { n })).toMatchObject(
      told({ n: ['must be a number'] }),
    );
  });

  it('may come from a factory, and goes for services of forFeature', async () => {
    class Late {
      @RpcCommand()
      take(@RpcParam('n') _n: number): void {}
    }
    await using app = await startApp({
      imports: [
        SnorkyModule.forRootAsync({
          registries: { frontend: { websocket: { path: '/ws' } } },
          useFactory: () => ({ validationErrors: 'expose' as const }),
        }),
        SnorkyModule.forFeature([{ service: Late, name: 'late' }]),
      ],
    });
    await using socket = await TestSocket.connect(`${app.ws}/ws`);
    expect(await socket.call('late', 'take', { n: 'x' })).toMatchObject(
      told({ n: ['must be a number'] }),
    );
  });

  it('does not go for commands of bundled services, but for those of a subclass', async () => {
    class Shouting extends PubSubService {
      @RpcCommand()
      shout(@RpcParam('text') _text: string): void {}
    }
    await using app = await startApp({
      imports: [
        SnorkyModule.forRoot({
          registries: { frontend: { websocket: { path: '/ws' } } },
          validationErrors: 'expose',
        }),
        PubSubModule.register({ service: Shouting }),
      ],
      providers: [
        {
          provide: APP_PIPE,
          useValue: {
            transform(value: unknown): unknown {
              if (value === 'bad') throw new BadRequestException('bad');
              return value;
            },
          },
        },
      ],
    });
    await using socket = await TestSocket.connect(`${app.ws}/ws`);
    const subscribe = (params: object): Promise<unknown> =>
      socket.call('pubsub', 'subscribe', params);
    expect(await subscribe({ channel: 'bad' })).toMatchObject(PLAIN);
    expect(await subscribe({ channel: 1, since: 2 })).toMatchObject(PLAIN);
    expect(await subscribe({})).toMatchObject(PLAIN);
    expect(await socket.call('pubsub', 'shout', { text: 1 })).toMatchObject(
      told({ text: ['must be a string'] }),
    );
  });

  it('is one of two words, or stops the start', async () => {
    await expect(
      start({ validationErrors: 'yes' as 'expose' }),
    ).rejects.toMatchObject({ code: 'SNORKY_VALIDATION_ERRORS_INVALID' });
  });
});

describe('What a caller is told', () => {
  it('is bounded, however much is wrong', async () => {
    await using app = await start();
    await using socket = await TestSocket.connect(`${app.ws}/ws`);
    const items = Array.from({ length: 20_000 }, () => ({ n: 'x' }));
    const { message } = (await socket.call('forms', 'schema', {
      name: 'ok',
      items,
    })) as { message: { fields: Record<string, string[]> } };
    expect(Object.keys(message.fields)).toHaveLength(50);
    expect(JSON.stringify(message).length).toBeLessThan(20_000);
  });

  it('has cost one check of each parameter', async () => {
    const asked: string[] = [];
    // Zod itself tries twice what is asynchronous.
    const free: StandardSchema = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: async (value) => {
          asked.push(String(value));
          await Promise.resolve();
          return value === 'taken'
            ? { issues: [{ message: 'is taken' }] }
            : { value };
        },
      },
    };
    const even = z.number().refine((n) => {
      asked.push(`${n}`);
      return n % 2 === 0;
    }, 'is odd');
    @SnorkyService('names')
    class Names {
      @RpcCommand({ validationErrors: 'expose' })
      later(
        @RpcParam('a', free) a: string,
        @RpcParam('b', free) _b: string,
        @RpcParam('n', even) _n: number,
      ): string {
        return a;
      }
      @RpcCommand({ validationErrors: 'expose' })
      once(
        @RpcParam('n', even) n: number,
        @RpcParam('m', even) m: number,
      ): number {
        return n + m;
      }
    }
    await using app = await startWithSocket([Names]);
    const { socket } = app;
    expect(
      await socket.call('names', 'later', { a: 'taken', b: 'free', n: 1 }),
    ).toMatchObject({
      message: { fields: { a: ['is taken'], n: ['is odd'] } },
    });
    expect(asked.splice(0).sort()).toEqual(['1', 'free', 'taken']);
    expect(
      await socket.call('names', 'later', { a: 'a', b: 'b', n: 2 }),
    ).toMatchObject({ data: 'a' });
    expect(asked.splice(0).sort()).toEqual(['2', 'a', 'b']);
    expect(await socket.call('names', 'once', { n: 1, m: 3 })).toMatchObject({
      message: { fields: { n: ['is odd'], m: ['is odd'] } },
    });
    expect(asked).toEqual(['1', '3']);
  });

  it('is read by a form on a page', async () => {
    interface FormsApi {
      named(params: { person: object; n: unknown }): void;
    }
    await using app = await start();
    const snorky = new Snorky(WebSocket, `${app.ws}/ws`, {
      forms: rpc<FormsApi>(),
    });
    const error: unknown = await snorky.services.forms
      .named({ person: wrong, n: 'x' })
      .then(
        () => undefined,
        (reason: unknown) => reason,
      );
    snorky.disconnect();
    expect(isInvalidParams(error)).toBe(true);
    if (isInvalidParams(error)) {
      expect(error.value.fields).toMatchObject({
        'person.email': ['email must be an email'],
        n: ['must be a number'],
      });
    }
  });

  it.each<[unknown, boolean]>([
    [new AnsweredError({ code: 'invalid_params', fields: {} }), true],
    [new AnsweredError({ code: 'invalid_params' }), false],
    [new AnsweredError({ code: 'other', fields: {} }), false],
    [new AnsweredError('Invalid params'), false],
    [new AnsweredError(null), false],
    [new Error('Invalid params'), false],
    [{ value: { code: 'invalid_params', fields: {} } }, false],
    [undefined, false],
  ])('is recognised, case %#', (error, is) => {
    expect(isInvalidParams(error)).toBe(is);
  });
});
