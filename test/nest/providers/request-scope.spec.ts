import { describe, expect, it } from '@jest/globals';
import {
  Inject,
  Injectable,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  Catch,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
} from '@nestjs/common';
import { APP_GUARD, REQUEST } from '@nestjs/core';
import { IsString } from 'class-validator';
import type { Observable } from 'rxjs';
import {
  CurrentRequest,
  RpcCommand,
  RpcParam,
  RpcRequest,
  SnorkyService,
} from 'snorky';
import { startWithSocket } from '../../support/servers/services.js';

let made = 0;
const GREETING = Symbol('greeting');

@Injectable({ scope: Scope.REQUEST })
class Context {
  readonly id = made++;
  constructor(@Inject(REQUEST) readonly request: RpcRequest) {}
}

describe('A request-scoped service', () => {
  class NameParams {
    @IsString() name!: string;
  }

  @SnorkyService('scoped')
  class Scoped {
    constructor(
      private readonly context: Context,
      @Inject(GREETING) private readonly greeting: string,
    ) {}

    @RpcCommand()
    look(
      @CurrentRequest() request: RpcRequest,
      @RpcParam('n') n: number,
    ): unknown {
      const { context } = this;
      return [
        context.request === request,
        context.request instanceof RpcRequest,
        context.request.params,
        n,
        context.id,
      ];
    }

    @RpcCommand()
    greet({ name }: NameParams): string {
      return `${this.greeting} ${name}`;
    }

    @RpcCommand({ async: true })
    later(_params: NameParams, request: RpcRequest): void {
      setImmediate(() => request.reply(this.greeting));
    }
  }
  const providers = [Scoped, Context, { provide: GREETING, useValue: 'Hello' }];

  it('has an instance for each call, which can inject the request', async () => {
    await using app = await startWithSocket(providers);
    const answers: { data: unknown[] }[] = [];
    for (const n of [1, 2, 3]) {
      answers.push(
        (await app.socket.call('scoped', 'look', { n })) as { data: unknown[] },
      );
    }
    const [first = NaN] = answers.map(({ data }) => data[4] as number);
    expect(answers.map(({ data }) => data)).toEqual([
      [true, true, { n: 1 }, 1, first],
      [true, true, { n: 2 }, 2, first + 1],
      [true, true, { n: 3 }, 3, first + 2],
    ]);
  });

  it('has its parameters checked, and may reply later', async () => {
    await using app = await startWithSocket(providers);
    const { socket } = app;
    expect(await socket.call('scoped', 'greet', { name: 'Ann' })).toMatchObject(
      {
        data: 'Hello Ann',
      },
    );
    expect(await socket.call('scoped', 'greet', {})).toMatchObject({
      message: 'Invalid params',
    });
    expect(await socket.call('scoped', 'later', { name: 'x' })).toMatchObject({
      data: 'Hello',
    });
    expect(await socket.call('scoped', 'constructor')).toMatchObject({
      message: 'Unknown command',
    });
  });

  it('answers in order beside others', async () => {
    @SnorkyService('plain')
    class Plain {
      @RpcCommand()
      get(): string {
        return 'plain';
      }
    }
    await using app = await startWithSocket([...providers, Plain]);
    app.socket.sendTogether([
      ['scoped', { command: 'greet', params: { name: 'a' }, callId: 0 }],
      ['plain', { command: 'get', params: {}, callId: 1 }],
      ['scoped', { command: 'greet', params: {}, callId: 2 }],
      ['plain', { command: 'get', params: {}, callId: 3 }],
    ]);
    expect(await app.socket.take(4)).toMatchObject([
      { callId: 0, data: 'Hello a' },
      { callId: 1, data: 'plain' },
      { callId: 2, message: 'Invalid params' },
      { callId: 3, data: 'plain' },
    ]);
  });

  it('whose making fails answers with an internal error', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Broken {
      constructor(@Inject(REQUEST) request: RpcRequest) {
        if (request.command === 'bad') throw new Error('cannot be made');
      }
    }
    @SnorkyService('fragile')
    class Fragile {
      constructor(private readonly broken: Broken) {}
      @RpcCommand()
      bad(): void {}
      @RpcCommand()
      good(): boolean {
        return this.broken instanceof Broken;
      }
    }
    await using app = await startWithSocket([Fragile, Broken]);
    expect(await app.socket.call('fragile', 'bad')).toMatchObject({
      message: 'Internal error',
    });
    expect(await app.socket.call('fragile', 'good')).toMatchObject({
      data: true,
    });
  });
});

describe('Request-scoped enhancers', () => {
  const seen: string[] = [];

  @Injectable({ scope: Scope.REQUEST })
  class ScopedGuard implements CanActivate {
    readonly id = made++;
    constructor(@Inject(REQUEST) private readonly request: RpcRequest) {}
    canActivate(context: ExecutionContext): boolean {
      const [, , request] = context.getArgs<[unknown, unknown, RpcRequest]>();
      seen.push(`guard ${this.id} ${this.request === request}`);
      return this.request.params['allow'] !== false;
    }
  }

  @Injectable({ scope: Scope.REQUEST })
  class ScopedRest implements NestInterceptor, PipeTransform {
    readonly id = made++;
    constructor(@Inject(REQUEST) private readonly request: RpcRequest) {}
    intercept(
      _context: ExecutionContext,
      next: CallHandler,
    ): Observable<unknown> {
      seen.push(`interceptor ${this.id} ${this.request.command}`);
      return next.handle();
    }
    transform(value: unknown): unknown {
      seen.push(`pipe ${this.id} ${this.request.command}`);
      return value;
    }
  }

  @Catch()
  @Injectable({ scope: Scope.REQUEST })
  class ScopedFilter implements ExceptionFilter {
    constructor(@Inject(REQUEST) private readonly request: RpcRequest) {}
    catch(): string {
      return `caught in ${this.request.command}`;
    }
  }

  const ids = (): Set<string> =>
    new Set(seen.splice(0).map((line) => line.split(' ')[1] as string));

  it('are made for each call', async () => {
    @SnorkyService('guarded')
    class Guarded {
      @UseGuards(ScopedGuard)
      @RpcCommand()
      guarded(@RpcParam('allow') allow: boolean): boolean {
        return allow;
      }
      @UseInterceptors(ScopedRest)
      @RpcCommand()
      intercepted(): void {}
      @UsePipes(ScopedRest)
      @RpcCommand()
      piped(@RpcParam('n') n: number): number {
        return n;
      }
      @UseFilters(ScopedFilter)
      @RpcCommand()
      failing(): void {
        throw new Error();
      }
    }
    await using app = await startWithSocket([Guarded]);
    const { socket } = app;
    const call = (command: string, params = {}): Promise<unknown> =>
      socket.call('guarded', command, params);

    expect(await call('guarded', { allow: true })).toMatchObject({
      data: true,
    });
    expect(await call('guarded', { allow: false })).toMatchObject({
      message: 'Forbidden resource',
    });
    expect(seen.every((line) => line.endsWith('true'))).toBe(true);
    expect(ids().size).toBe(2);
    await call('intercepted');
    await call('intercepted');
    expect(seen.filter((line) => line.endsWith('intercepted'))).toHaveLength(2);
    expect(ids().size).toBe(2);
    expect(await call('piped', { n: 1 })).toMatchObject({ data: 1 });
    expect(await call('piped', { n: 2 })).toMatchObject({ data: 2 });
    expect(ids().size).toBeGreaterThanOrEqual(2);
    expect(await call('failing')).toMatchObject({ data: 'caught in failing' });
  });

  it('that are global are made for each call too', async () => {
    @SnorkyService('plain')
    class Plain {
      @RpcCommand()
      get(@RpcParam('allow') allow: boolean): boolean {
        return allow;
      }
    }
    await using app = await startWithSocket([
      Plain,
      { provide: APP_GUARD, useClass: ScopedGuard },
    ]);
    expect(
      await app.socket.call('plain', 'get', { allow: true }),
    ).toMatchObject({ data: true });
    expect(
      await app.socket.call('plain', 'get', { allow: false }),
    ).toMatchObject({ message: 'Forbidden resource' });
    expect(seen.every((line) => line.endsWith('true'))).toBe(true);
    expect(ids().size).toBe(2);
  });
});
