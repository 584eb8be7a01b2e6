import { describe, expect, it } from '@jest/globals';
import {
  createParamDecorator,
  Injectable,
  Scope,
  SetMetadata,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type CanActivate,
  type INestApplication,
  type PipeTransform,
  type Provider,
} from '@nestjs/common';
import {
  RpcCommand,
  RpcParam,
  Service,
  SnorkyGateway,
  SnorkyService,
  SnorkySetupError,
  SnorkyModule,
} from 'snorky';
import { startApp } from '../../support/servers/app.js';

@Injectable()
class Deny implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

@Injectable()
class Trim implements PipeTransform {
  transform(value: unknown): unknown {
    return value;
  }
}

class Open {
  @RpcCommand()
  open(): string {
    return 'open';
  }
}

/** The code and the sentence that stop the start; undefined where nothing does. */
async function stopped(
  providers: Provider[],
  prepare: (app: INestApplication) => void = () => {},
): Promise<readonly [code: string, sentence: string] | undefined> {
  try {
    await using _running = await startApp(
      {
        imports: [
          SnorkyModule.forRoot({
            registries: { frontend: { websocket: { path: '/ws' } } },
          }),
        ],
        providers,
      },
      prepare,
    );
    return undefined;
  } catch (error) {
    if (error instanceof SnorkySetupError) return [error.code, error.message];
    throw error;
  }
}

describe('The start stops where a guard would not run', () => {
  it.each([
    ['a guard', UseGuards(Deny), 'guard Deny'],
    [
      'an interceptor',
      UseInterceptors(
        class Around {
          intercept(): void {}
        } as never,
      ),
      'interceptor Around',
    ],
    ['a pipe', UsePipes(Trim), 'pipe Trim'],
    [
      'a filter',
      UseFilters(
        class Catcher {
          catch(): void {}
        } as never,
      ),
      'filter Catcher',
    ],
  ])(
    'because a factory makes the service, and nothing %s',
    async (_what, decorate, name) => {
      @SnorkyService('made')
      @(decorate as ClassDecorator)
      class Made extends Open {}
      expect(
        await stopped([{ provide: Made, useFactory: () => new Made() }]),
      ).toEqual([
        'SNORKY_ENHANCER_UNBOUND',
        expect.stringContaining(`The ${name} on Made would never run: `),
      ]);
      expect(
        await stopped([{ provide: 'made', useValue: new Made() }]),
      ).toEqual([
        'SNORKY_ENHANCER_UNBOUND',
        expect.stringContaining(`The ${name} on Made would never run: `),
      ]);
    },
  );

  it('because it is on a parameter of a service that a factory makes', async () => {
    @SnorkyService('made')
    class Made {
      @RpcCommand()
      say(@RpcParam('word', Trim) word: string): string {
        return word;
      }
    }
    expect(
      await stopped([{ provide: Made, useFactory: () => new Made() }]),
    ).toEqual([
      'SNORKY_ENHANCER_UNBOUND',
      expect.stringContaining('The pipe Trim on Made would never run: '),
    ]);
  });

  it('because the provider that stands in is made for each request', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Scoped extends Deny {}
    @SnorkyService('made')
    @UseGuards(Scoped)
    class Made extends Open {}
    const [code] =
      (await stopped([
        Scoped,
        { provide: Made, useFactory: () => new Made() },
      ])) ?? [];
    expect(code).toBe('SNORKY_ENHANCER_UNBOUND');
  });

  it.each([
    [
      'class',
      () => {
        @UseGuards(Deny)
        @SnorkyService('raw')
        class Raw extends Service {
          processMessageFrom(): void {}
        }
        return Raw;
      },
    ],
    [
      'ancestor',
      () => {
        @UseGuards(Deny)
        abstract class Base extends Service {}
        @SnorkyService('raw')
        class Raw extends Base {
          processMessageFrom(): void {}
        }
        return Raw;
      },
    ],
    [
      'method',
      () => {
        @SnorkyService('raw')
        class Raw extends Service {
          @SetMetadata('roles', ['admin'])
          @UseGuards(Deny)
          processMessageFrom(): void {}
        }
        return Raw;
      },
    ],
  ])('because it is on the %s of a raw service', async (_where, make) => {
    expect(await stopped([make()])).toEqual([
      'SNORKY_ENHANCER_UNBOUND',
      expect.stringContaining('messages of a raw service go to'),
    ]);
  });

  it('because it is on a method that is no command', async () => {
    @SnorkyService('half')
    class Half extends Open {
      @UseGuards(Deny)
      forgotten(): void {}
    }
    expect(await stopped([Half])).toEqual([
      'SNORKY_ENHANCER_UNBOUND',
      'The guard Deny on Half.forgotten() would never run: the method is no ' +
        'command. Add @RpcCommand(), or remove the decorator.',
    ]);
  });

  it('because it is on a hook, whatever else is', async () => {
    @SnorkyService('hooked')
    class Hooked extends Open {
      @SetMetadata('roles', [])
      @UseGuards(Deny)
      onClientConnected(): void {}
    }
    const [code] = (await stopped([Hooked])) ?? [];
    expect(code).toBe('SNORKY_ENHANCER_UNBOUND');
  });

  it("but not where the method is somebody else's", async () => {
    @SnorkyService('shared')
    class Shared extends Open {
      @SetMetadata('another library', 'its handler')
      @UseGuards(Deny)
      handle(): void {}
    }
    expect(await stopped([Shared])).toBeUndefined();
  });

  it('because it was put on an ancestor after the heir', async () => {
    class Base extends Open {}
    @UseGuards(new Deny())
    @SnorkyService('heir')
    class Heir extends Base {}
    UseGuards(Deny)(Base);
    const [code] = (await stopped([Heir])) ?? [];
    expect(code).toBe('SNORKY_ENHANCER_UNBOUND');
  });

  it('because a decorator put something else in the place of the class', async () => {
    const wrapped: ClassDecorator = (target) =>
      new Proxy(target as unknown as object, {}) as typeof target;
    @SnorkyService('wrapped')
    @wrapped
    @UseGuards(Deny)
    class Wrapped extends Open {}
    expect(await stopped([Wrapped])).toEqual([
      'SNORKY_ENHANCER_UNBOUND',
      expect.stringContaining('The guard Deny on Wrapped would never run'),
    ]);
  });

  it('because an override has lost it, unless it says so', async () => {
    class Base {
      @UseGuards(Deny)
      @RpcCommand()
      secret(): void {}
    }
    @SnorkyService('heir')
    class Heir extends Base {
      @RpcCommand()
      override secret(): void {}
    }
    @SnorkyService('free')
    class Free extends Base {
      @UseGuards()
      @RpcCommand()
      override secret(): void {}
    }
    expect(await stopped([Heir])).toEqual([
      'SNORKY_OVERRIDE_DROPS',
      'Heir.secret() overrides a command that has @UseGuards(Deny), which does ' +
        'not apply to the override. Repeat it there, or write @UseGuards() to ' +
        'do without.',
    ]);
    expect(await stopped([Free])).toBeUndefined();
  });

  it('because what a factory gives in its place is none', async () => {
    @SnorkyService('odd')
    @UseGuards(Deny)
    class Odd extends Open {}
    expect(
      await stopped([
        { provide: Deny, useFactory: () => ({ can: true }) },
        { provide: Odd, useFactory: () => new Odd() },
      ]),
    ).toEqual([
      'SNORKY_ENHANCER_UNBOUND',
      'The guard Deny on Odd would never run: it has no method canActivate(). ' +
        'Give one that has.',
    ]);
  });
});

describe('The start stops where a gateway has something that would not run', () => {
  it.each([
    [
      'a pipe on the class',
      () => {
        @SnorkyGateway('frontend')
        @UsePipes(Trim)
        class Gateway {}
        return Gateway;
      },
    ],
    [
      'a pipe on identify',
      () => {
        @SnorkyGateway('frontend')
        class Gateway {
          @UsePipes(Trim)
          identify(): string {
            return 'ann';
          }
        }
        return Gateway;
      },
    ],
    [
      'a pipe on a parameter',
      () => {
        const Own = createParamDecorator(() => 'own');
        @SnorkyGateway('frontend')
        class Gateway {
          identify(@Own(Trim) own: string): string {
            return own;
          }
        }
        return Gateway;
      },
    ],
    [
      'a guard on another method',
      () => {
        @SnorkyGateway('frontend')
        class Gateway {
          @UseGuards(Deny)
          check(): void {}
        }
        return Gateway;
      },
    ],
  ])('because of %s', async (_what, make) => {
    const [code] = (await stopped([make()])) ?? [];
    expect(code).toBe('SNORKY_ENHANCER_UNBOUND');
  });

  it('but not for guards, interceptors and filters around identify', async () => {
    @SnorkyGateway('frontend')
    @UseGuards(Deny)
    class Gateway {
      @UseGuards(new Deny())
      identify(): string {
        return 'ann';
      }
    }
    expect(
      await stopped([{ provide: 'gateway', useClass: Gateway }]),
    ).toBeUndefined();
  });
});
