import { describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { AsyncLocalStorage } from 'node:async_hooks';
import { defer, first, from, Observable, of, race, timeout } from 'rxjs';
import { Subscribable } from 'snorky';
import { deferred } from '../../../support/waiting/deferred.js';
import {
  ACQUIRED,
  AllTasks,
  PLATFORMS,
  RestApp,
  tokensOf,
  UNKNOWN,
} from './fixture.js';

const ROWS = [{ id: 1 }];
const STALE = [{ id: 0 }];

const ITEMS = [{ dealer: AllTasks, query: null }];

const warned =
  'was asked for a subscription, but an interceptor answered in its place';

/** An interceptor made of what it does with the handler's answer. */
function through(
  change: (answer: Observable<unknown>) => Observable<unknown>,
): NestInterceptor {
  return {
    intercept: (_: ExecutionContext, next: CallHandler) =>
      change(next.handle()),
  };
}

/** Answers what was there before when the handler takes too long. */
const stale = through((answer) =>
  answer.pipe(timeout({ each: 20, with: () => of(STALE) })),
);

describe.each(PLATFORMS)('A subscribable route (%s)', (platform) => {
  const start = (controller: new () => object): Promise<RestApp> =>
    RestApp.start(platform, [controller]);

  it('gives no token with what is answered instead of a slow handler', async () => {
    const slow = deferred();
    @Controller('tasks')
    class Slow {
      @Get()
      @UseInterceptors(stale)
      @Subscribable(AllTasks)
      async list(): Promise<unknown> {
        await slow.promise;
        return ROWS;
      }
    }
    await using app = await start(Slow);
    const response = await app.subscribe('/tasks');
    slow.resolve();
    expect(await response.json()).toEqual(STALE);
    expect(tokensOf(response)).toEqual([null, null]);
    expect(response.headers.get('cache-control')).toBeNull();
    expect(app.tokens).toHaveLength(1);
    expect(await app.acquired(app.tokens[0])).toEqual(UNKNOWN);
    expect(app.log.with('warn', `Slow.list() ${warned}`)).toHaveLength(1);
  });

  it('gives none when only a part of the answer came in time', async () => {
    @Controller('tasks')
    class Part {
      @Get()
      @UseInterceptors(stale)
      @Subscribable(AllTasks)
      list(): unknown {
        return new Observable((subscriber) => subscriber.next(ROWS));
      }
    }
    await using app = await start(Part);
    const response = await app.subscribe('/tasks');
    expect(await response.json()).toEqual(STALE);
    expect(tokensOf(response)).toEqual([null, null]);
    expect(await app.acquired(app.tokens[0])).toEqual(UNKNOWN);
  });

  it('gives none when it was authorized too late', async () => {
    const gate = deferred();
    const gaveUp = deferred();
    const other = deferred<unknown>();
    const patience = through((answer) =>
      answer.pipe(
        timeout({
          each: 20,
          with: () => {
            gaveUp.resolve();
            return from(other.promise);
          },
        }),
      ),
    );
    let reads = 0;
    @Controller('tasks')
    class Late {
      @Get()
      @UseInterceptors(patience)
      @Subscribable(async () => {
        await gate.promise;
        return ITEMS;
      })
      list(): unknown {
        reads++;
        return ROWS;
      }
    }
    await using app = await start(Late);
    const asked = app.subscribe('/tasks');
    await gaveUp.promise;
    gate.resolve();
    while (app.tokens.length === 0) await new Promise(setImmediate);
    other.resolve(STALE);
    const response = await asked;
    expect(await response.json()).toEqual(STALE);
    expect(tokensOf(response)).toEqual([null, null]);
    expect(reads).toBe(0);
    expect(await app.acquired(app.tokens[0])).toEqual(UNKNOWN);
  });

  it('authorizes nothing for who does not wait at all', async () => {
    const impatient = through((answer) => race(answer, of(STALE)));
    @Controller('tasks')
    class Raced {
      @Get()
      @UseInterceptors(impatient)
      @Subscribable(AllTasks)
      list(): unknown {
        return ROWS;
      }
    }
    await using app = await start(Raced);
    const response = await app.subscribe('/tasks');
    expect(await response.json()).toEqual(STALE);
    expect(tokensOf(response)).toEqual([null, null]);
    expect(app.tokens).toEqual([]);
    expect(app.log.with('warn', `Raced.list() ${warned}`)).toHaveLength(1);
  });

  it('gives the token of whichever try is answered', async () => {
    const slow = deferred();
    const again: NestInterceptor = {
      intercept: (_, next) =>
        next.handle().pipe(timeout({ each: 20, with: () => next.handle() })),
    };
    @Controller('tasks')
    class SlowAtFirst {
      private tries = 0;

      @Get()
      @UseInterceptors(again)
      @Subscribable(AllTasks)
      async list(): Promise<unknown> {
        if (this.tries++ === 0) await slow.promise;
        return ROWS;
      }
    }
    await using app = await start(SlowAtFirst);
    const response = await app.subscribe('/tasks');
    slow.resolve();
    expect(await response.json()).toEqual(ROWS);
    expect(app.tokens).toHaveLength(2);
    expect(tokensOf(response)[0]).toBe(app.tokens[1]);
    expect(await app.acquired(app.tokens[0])).toEqual(UNKNOWN);
    expect(await app.acquired(app.tokens[1])).toEqual(ACQUIRED);
    expect(app.log.with('warn', warned)).toEqual([]);
  });

  it('gives it to who takes the first rows and leaves', async () => {
    const leaving = through((answer) => answer.pipe(first()));
    @Controller('tasks')
    class Endless {
      @Get()
      @UseInterceptors(leaving)
      @Subscribable(AllTasks)
      list(): unknown {
        return new Observable((subscriber) => subscriber.next(ROWS));
      }
    }
    await using app = await start(Endless);
    const response = await app.subscribe('/tasks');
    expect(await response.json()).toEqual(ROWS);
    expect(await app.acquired(tokensOf(response)[0])).toEqual(ACQUIRED);
    expect(app.log.with('warn', warned)).toEqual([]);
  });

  it('authorizes and answers in the scope that an interceptor opens', async () => {
    const scope = new AsyncLocalStorage<string>();
    const scoped: NestInterceptor = {
      intercept: (_, next) => {
        const answer = scope.run('inside', () => next.handle());
        return defer(() => scope.run('elsewhere', () => answer));
      },
    };
    const seen: unknown[] = [];
    @Controller('tasks')
    class Scoped {
      @Get()
      @UseInterceptors(scoped)
      @Subscribable(() => {
        seen.push(scope.getStore());
        return ITEMS;
      })
      list(): unknown {
        seen.push(scope.getStore());
        return ROWS;
      }
    }
    await using app = await start(Scoped);
    await app.subscribe('/tasks');
    expect(seen).toEqual(['inside', 'inside']);
  });
});
