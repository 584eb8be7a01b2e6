import { describe, expect, it } from '@jest/globals';
import {
  BadGatewayException,
  BadRequestException,
  Catch,
  ForbiddenException,
  HttpException,
  ImATeapotException,
  NotFoundException,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type CallHandler,
  type ExceptionFilter,
  type ExecutionContext,
  type Provider,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { WsException } from '@nestjs/websockets';
import { catchError, map, of, throwError } from 'rxjs';
import {
  CurrentRequest,
  RpcCommand,
  RpcError,
  RpcParam,
  RpcRequest,
  SnorkyService,
  type JsonValue,
} from 'snorky';
import { RecordedLog } from '../../support/servers/log.js';
import { startWithSocket } from '../../support/servers/services.js';

class TeapotError extends ImATeapotException {}

const ERRORS: Readonly<Record<string, readonly [unknown, JsonValue, boolean]>> =
  {
    // what is thrown, what the caller learns, whether it is logged
    'an RpcError': [new RpcError('No'), 'No', false],
    'an RpcError with an object': [new RpcError({ a: [1] }), { a: [1] }, false],
    'an RpcError with null': [new RpcError(null), null, false],
    'an RpcError with ""': [new RpcError(''), '', false],
    'an RpcError with nothing': [new RpcError(), 'Exception', false],
    'an HttpException below 500': [
      new NotFoundException('No task'),
      'No task',
      false,
    ],
    'its subclass': [
      new TeapotError('Short and stout'),
      'Short and stout',
      false,
    ],
    'a BadRequestException': [new BadRequestException('Odd'), 'Odd', false],
    'an HttpException with an object': [
      new HttpException({ message: 'Own text', code: 4 }, 409),
      'Own text',
      false,
    ],
    'a WsException': [new WsException('Ws says no'), 'Ws says no', false],
    'a WsException with an object': [
      new WsException({ message: 'In an object' }),
      'In an object',
      false,
    ],
    'an HttpException of 502': [
      new BadGatewayException('secret'),
      'Internal error',
      true,
    ],
    'a TypeError': [new TypeError('secret'), 'Internal error', true],
    'a text': ['secret', 'Internal error', true],
    nothing: [undefined, 'Internal error', true],
  };

@SnorkyService('failing')
class Failing {
  @RpcCommand()
  throws(@RpcParam('what') what: string): void {
    throw ERRORS[what]?.[0];
  }
  @RpcCommand()
  async rejects(@RpcParam('what') what: string): Promise<void> {
    await Promise.resolve();
    throw ERRORS[what]?.[0];
  }
  @RpcCommand()
  unserializable(): unknown {
    return { size: 1n };
  }
  @RpcCommand()
  cycle(): unknown {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    return cycle;
  }
  @RpcCommand()
  aFunction(): unknown {
    return () => 1;
  }
}

const WAYS: Readonly<Record<string, Provider[]>> = {
  directly: [],
  'through a guard': [
    { provide: APP_GUARD, useValue: { canActivate: () => true } },
  ],
};

describe.each(Object.keys(WAYS))('A command that is called %s', (way) => {
  const providers = [Failing, ...(WAYS[way] as Provider[])];

  it.each(Object.keys(ERRORS))('may throw %s', async (what) => {
    const [error, message, logged] = ERRORS[what] as (typeof ERRORS)[string];
    const log = new RecordedLog();
    await using app = await startWithSocket(providers, {
      prepare: (made) => made.useLogger(log),
    });
    for (const command of ['throws', 'rejects']) {
      expect(await app.socket.call('failing', command, { what })).toMatchObject(
        {
          type: 'error',
          message,
        },
      );
      const lines = log.with('error', `failing.${command}`);
      expect(lines).toHaveLength(logged ? 1 : 0);
      if (logged && error instanceof Error) {
        expect(lines[0]?.stack).toContain(error.message);
        expect(lines[0]?.stack).toContain('errors.spec.ts');
      }
      expect(log.with('error', '')).toHaveLength(lines.length);
      log.lines.length = 0;
    }
  });

  it.each(['unserializable', 'cycle', 'aFunction'])(
    'may not return what JSON cannot express (%s)',
    async (command) => {
      const log = new RecordedLog();
      await using app = await startWithSocket(providers, {
        prepare: (made) => made.useLogger(log),
      });
      expect(await app.socket.call('failing', command)).toEqual({
        type: 'error',
        callId: 0,
        message: 'Internal error',
      });
      expect(log.with('error', `failing.${command}`)).toHaveLength(1);
    },
  );

  it.each([
    'Throws',
    '',
    'constructor',
    '__proto__',
    'toString',
    'then',
    'name',
  ])('is not called %j', async (command) => {
    await using app = await startWithSocket(providers);
    expect(
      await app.socket.call('failing', command, { nonsense: 1 }),
    ).toMatchObject({ message: 'Unknown command' });
  });
});

describe('Filters', () => {
  @Catch()
  class Filter implements ExceptionFilter {
    catch(error: Error): unknown {
      switch (error.message) {
        case 'value':
          return { instead: 7 };
        case 'null':
          return null;
        case 'false':
          return false;
        case 'promise':
          return Promise.resolve('later');
        case 'rpc error':
          throw new RpcError(['other']);
        case 'http error':
          throw new ForbiddenException('Not you');
        case 'rejects':
          return Promise.reject(new RpcError('rejected'));
        case 'fails':
          throw new TypeError('bug in the filter');
        case 'fails later':
          return Promise.reject(new TypeError('bug in the filter'));
        case 'fails for an answer':
          throw new TypeError('bug in the filter');
        default:
          return undefined;
      }
    }
  }
  @UseFilters(Filter)
  @SnorkyService('filtered')
  class Filtered {
    @RpcCommand()
    fail(@RpcParam('message') message: string): void {
      throw message === 'fails for an answer' || message === 'an answer'
        ? new RpcError(message)
        : new Error(message);
    }
    @RpcCommand()
    async failLater(@RpcParam('message') message: string): Promise<void> {
      await Promise.resolve();
      this.fail(message);
    }
  }

  it.each([
    ['value', { type: 'response', data: { instead: 7 } }],
    ['null', { type: 'response', data: null }],
    ['false', { type: 'response', data: false }],
    ['promise', { type: 'response', data: 'later' }],
    ['rpc error', { type: 'error', message: ['other'] }],
    ['http error', { type: 'error', message: 'Not you' }],
    ['rejects', { type: 'error', message: 'rejected' }],
    ['fails', { type: 'error', message: 'Internal error' }],
    ['fails later', { type: 'error', message: 'Internal error' }],
    ['fails for an answer', { type: 'error', message: 'fails for an answer' }],
    ['an answer', { type: 'error', message: 'an answer' }],
    ['something else', { type: 'error', message: 'Internal error' }],
  ])('that answer by %s', async (message, answer) => {
    await using app = await startWithSocket([Filtered]);
    for (const command of ['fail', 'failLater']) {
      expect(
        await app.socket.call('filtered', command, { message }),
      ).toMatchObject(answer);
    }
  });

  it('that fail leave the original error in the log', async () => {
    const log = new RecordedLog();
    await using app = await startWithSocket([Filtered], {
      prepare: (made) => made.useLogger(log),
    });
    await app.socket.call('filtered', 'fail', { message: 'fails' });
    const [filter, original] = log.with('error', 'filtered.fail');
    expect(filter?.stack).toContain('An exception filter failed');
    expect(filter?.stack).toContain('bug in the filter');
    expect(original?.stack).toMatch(/^Error: fails\n/);
  });

  it('see what guards, pipes and interceptors throw', async () => {
    const seen: unknown[] = [];
    @Catch()
    class Witness implements ExceptionFilter {
      catch(error: Error): void {
        seen.push(error.constructor.name);
      }
    }
    @UseFilters(Witness)
    @SnorkyService('filtered')
    class Filtered {
      @UseGuards({ canActivate: () => false })
      @RpcCommand()
      guarded(): void {}
      @RpcCommand()
      piped(@RpcParam('n') n: number): number {
        return n;
      }
    }
    await using app = await startWithSocket([Filtered]);
    expect(await app.socket.call('filtered', 'guarded')).toMatchObject({
      message: 'Forbidden resource',
    });
    expect(await app.socket.call('filtered', 'piped', {})).toMatchObject({
      message: 'Invalid params',
    });
    expect(
      await app.socket.call('filtered', 'piped', { n: 'x' }),
    ).toMatchObject({ message: 'Invalid params' });
    expect(seen).toEqual([
      'ForbiddenException',
      'InvalidParams',
      'InvalidParams',
    ]);
  });
});

describe('An enhancer', () => {
  const guard = (act: () => boolean): { canActivate: () => boolean } => ({
    canActivate: act,
  });

  @SnorkyService('enhanced')
  class Enhanced {
    @UseGuards(
      guard(() => {
        throw new TypeError('response.setHeader is not a function');
      }),
    )
    @RpcCommand()
    brokenGuard(): void {}

    @UseInterceptors({
      intercept: () => {
        throw new TypeError('no request.headers');
      },
    })
    @RpcCommand()
    brokenInterceptor(): void {}

    @UsePipes({
      transform: () => {
        throw new TypeError('broken pipe');
      },
    })
    @RpcCommand()
    brokenPipe(@RpcParam('n') n: number): number {
      return n;
    }

    @UseInterceptors({
      intercept: (_context: ExecutionContext, next: CallHandler) =>
        next.handle().pipe(
          map(() => {
            throw new TypeError('after the command');
          }),
        ),
    })
    @RpcCommand()
    brokenAfterwards(): void {}

    @UseGuards(
      guard(() => {
        throw new RpcError({ guard: 'No' });
      }),
    )
    @RpcCommand()
    refusingGuard(): void {}

    @UsePipes({
      transform: () => {
        throw new BadRequestException('n must be even');
      },
    })
    @RpcCommand()
    refusingPipe(@RpcParam('n') n: number): number {
      return n;
    }

    @UsePipes({
      transform: () => {
        throw new NotFoundException('No such task');
      },
    })
    @RpcCommand()
    lookingPipe(@RpcParam('n') n: number): number {
      return n;
    }

    @UseInterceptors({
      intercept: (_context: ExecutionContext, next: CallHandler) =>
        next.handle().pipe(catchError((error: Error) => of(error.message))),
    })
    @RpcCommand()
    rescued(): void {
      throw new Error('rescued');
    }

    @UseInterceptors({
      intercept: () => throwError(() => new RpcError('Not now')),
    })
    @RpcCommand()
    replaced(): void {}

    @UseInterceptors({ intercept: () => of('cached') })
    @RpcCommand()
    cached(): string {
      throw new Error('is not called');
    }
  }

  it.each<[string, object, object]>([
    ['refusingGuard', {}, { type: 'error', message: { guard: 'No' } }],
    ['refusingPipe', { n: 1 }, { type: 'error', message: 'Invalid params' }],
    ['lookingPipe', { n: 1 }, { type: 'error', message: 'No such task' }],
    ['rescued', {}, { type: 'response', data: 'rescued' }],
    ['replaced', {}, { type: 'error', message: 'Not now' }],
    ['cached', {}, { type: 'response', data: 'cached' }],
  ])(
    'may answer instead of the command (%s)',
    async (command, params, answer) => {
      const log = new RecordedLog();
      await using app = await startWithSocket([Enhanced], {
        prepare: (made) => made.useLogger(log),
      });
      expect(await app.socket.call('enhanced', command, params)).toMatchObject(
        answer,
      );
      expect(log.with('error', '')).toEqual([]);
    },
  );

  it.each([
    ['brokenGuard', 'response.setHeader is not a function'],
    ['brokenInterceptor', 'no request.headers'],
    ['brokenPipe', 'broken pipe'],
  ])(
    'that fails is logged with a hint, at a limited rate (%s)',
    async (command, cause) => {
      const log = new RecordedLog();
      await using app = await startWithSocket([Enhanced], {
        prepare: (made) => made.useLogger(log),
      });
      for (let i = 0; i < 15; i++) {
        expect(
          await app.socket.call(
            'enhanced',
            command,
            command === 'brokenPipe' ? { n: 1 } : {},
          ),
        ).toMatchObject({ message: 'Internal error' });
      }
      const lines = log.with('error', '');
      expect(lines).toHaveLength(10);
      expect(lines[0]?.text).toContain(`enhanced.${command}`);
      expect(lines[0]?.stack).toContain('context.getType()');
      expect(lines[0]?.stack).toContain(`TypeError: ${cause}`);
      expect(lines[0]?.stack).toContain('errors.spec.ts');
    },
  );

  it('that fails after the command is logged with the hint too', async () => {
    const log = new RecordedLog();
    await using app = await startWithSocket([Enhanced], {
      prepare: (made) => made.useLogger(log),
    });
    expect(await app.socket.call('enhanced', 'brokenAfterwards')).toMatchObject(
      {
        message: 'Internal error',
      },
    );
    const [line] = log.with('error', '');
    expect(line?.stack).toContain('TypeError: after the command');
    expect(line?.stack).toContain('after the command had returned');
    expect(line?.stack).toContain('getType');
  });
});

describe.each(Object.keys(WAYS))('A request that is called %s', (way) => {
  const guards = WAYS[way] as Provider[];
  const waiting: RpcRequest[] = [];

  @SnorkyService('requests')
  class Requests {
    @RpcCommand()
    byHand(
      @RpcParam('v') v: JsonValue,
      @CurrentRequest() request: RpcRequest,
    ): void {
      request.reply(v);
    }
    @RpcCommand()
    errorByHand(
      @RpcParam('v') v: JsonValue,
      @CurrentRequest() request: RpcRequest,
    ): void {
      request.error(v);
    }
    @RpcCommand({ async: true })
    consume(@CurrentRequest() request: RpcRequest): void {
      waiting.push(request);
    }
    @RpcCommand()
    produce(@RpcParam('v') v: JsonValue): number {
      const resolved = waiting.splice(0);
      for (const request of resolved) request.reply(v);
      return resolved.length;
    }
    @RpcCommand({ async: true })
    immediate(@RpcParam('v') v: JsonValue): JsonValue {
      return v;
    }
    @RpcCommand({ async: true })
    async soon(@RpcParam('v') v: JsonValue): Promise<JsonValue> {
      await Promise.resolve();
      return v;
    }
    @RpcCommand({ async: true })
    raises(): void {
      throw new RpcError('No');
    }
    @RpcCommand()
    async awaited(@RpcParam('v') v: JsonValue): Promise<JsonValue> {
      await Promise.resolve();
      return v;
    }
    @RpcCommand()
    thenable(): PromiseLike<string> {
      return Promise.resolve('then').then((text) => `${text}able`);
    }
    @RpcCommand()
    twice(
      @RpcParam('how') how: string,
      @CurrentRequest() request: RpcRequest,
    ): unknown {
      request.reply(1);
      if (how === 'reply') request.reply(2);
      if (how === 'error') request.error('2');
      if (how === 'throw') throw new RpcError('2');
      return how === 'return' ? 2 : undefined;
    }
    @RpcCommand()
    later(@CurrentRequest() request: RpcRequest): string {
      setImmediate(() => request.reply('too late'));
      return 'first';
    }
  }

  const start = (log = new RecordedLog()): ReturnType<typeof startWithSocket> =>
    startWithSocket([Requests, ...guards], {
      prepare: (made) => made.useLogger(log),
    });

  it('may be resolved by hand', async () => {
    await using app = await start();
    const { socket } = app;
    for (const v of [0, '', false, [], { a: 1 }, 'text']) {
      expect(await socket.call('requests', 'byHand', { v })).toMatchObject({
        type: 'response',
        data: v,
      });
      expect(await socket.call('requests', 'errorByHand', { v })).toMatchObject(
        {
          type: 'error',
          message: v,
        },
      );
    }
  });

  it('is resolved when its promise is', async () => {
    await using app = await start();
    const { socket } = app;
    expect(await socket.call('requests', 'awaited', { v: [1] })).toMatchObject({
      data: [1],
    });
    expect(await socket.call('requests', 'awaited', { v: null })).toEqual({
      type: 'response',
      callId: 1,
      data: null,
    });
    expect(await socket.call('requests', 'thenable')).toMatchObject({
      data: 'thenable',
    });
  });

  it('of an async command is resolved whenever somebody does it', async () => {
    await using app = await start();
    const { socket } = app;
    for (const callId of ['a', 'b']) {
      socket.send('requests', { command: 'consume', params: {}, callId });
    }
    for (const v of [0, '', false, 'x']) {
      expect(await socket.call('requests', 'immediate', { v })).toMatchObject({
        data: v,
      });
      expect(await socket.call('requests', 'soon', { v })).toMatchObject({
        data: v,
      });
    }
    expect(await socket.call('requests', 'raises')).toMatchObject({
      message: 'No',
    });
    for (const command of ['immediate', 'soon']) {
      socket.send('requests', { command, params: { v: null }, callId: 'none' });
    }
    socket.send('requests', {
      command: 'produce',
      params: { v: 7 },
      callId: 'c',
    });
    expect(await socket.take(3)).toEqual([
      { type: 'response', callId: 'a', data: 7 },
      { type: 'response', callId: 'b', data: 7 },
      { type: 'response', callId: 'c', data: 2 },
    ]);
  });

  it.each(['reply', 'error', 'throw', 'return'])(
    'that is resolved twice (%s) keeps the first answer, and the line goes to the log',
    async (how) => {
      const log = new RecordedLog();
      await using app = await start(log);
      const { socket } = app;
      expect(await socket.call('requests', 'twice', { how })).toMatchObject({
        type: 'response',
        data: 1,
      });
      expect(await socket.call('requests', 'byHand', { v: 3 })).toMatchObject({
        data: 3,
      });
      expect(log.with('warn', 'Ignored a second resolution')).toHaveLength(1);
      expect(log.with('error', '')).toEqual([]);
    },
  );

  it('that is resolved too late keeps the first answer', async () => {
    const log = new RecordedLog();
    await using app = await start(log);
    expect(await app.socket.call('requests', 'later')).toMatchObject({
      data: 'first',
    });
    expect(await app.socket.call('requests', 'byHand', { v: 1 })).toMatchObject(
      {
        data: 1,
      },
    );
    expect(log.with('warn', 'requests.later')).toHaveLength(1);
  });
});
