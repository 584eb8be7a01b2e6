import { describe, expect, it } from '@jest/globals';
import { UseGuards } from '@nestjs/common';
import { IsNumber } from 'class-validator';
import {
  ConnectedClient,
  RpcCommand,
  RpcParam,
  RpcService,
  SnorkyService,
  type Client,
} from 'snorky';
import { startWithSocket } from '../../support/servers/services.js';

class SumParams {
  @IsNumber() number1!: number;
  @IsNumber() number2!: number;
}

@SnorkyService('calc')
class Calc {
  protected readonly sign: number = 1;

  @RpcCommand()
  sum({ number1, number2 }: SumParams): number {
    return this.sign * (number1 + number2);
  }
  @RpcCommand()
  twice(@RpcParam('n') n: number): number {
    return 2 * n;
  }
  @RpcCommand()
  nothing(): string {
    return 'nothing';
  }
  @RpcCommand({ name: 'renamed' })
  original(): string {
    return 'original';
  }
  helper(): string {
    return 'no command';
  }
}

@SnorkyService('sci')
class Sci extends Calc {
  protected override readonly sign: number = -1;

  @RpcCommand()
  power(
    @RpcParam('base') base: number,
    @RpcParam('exponent') exponent = 2,
  ): number {
    return base ** exponent;
  }
  // With the decorator: a declaration of its own.
  @RpcCommand()
  override nothing(): string {
    return `overridden ${super.nothing()}`;
  }
  // Without: the declaration of the ancestor, its checks included.
  override twice(n: number): number {
    return super.twice(n) + 1;
  }
}

interface Answer {
  readonly data?: unknown;
  readonly message?: unknown;
}

describe('Commands of a class', () => {
  it('are those of its ancestors, those it adds and those it overrides', async () => {
    await using app = await startWithSocket([Calc, Sci]);
    const answer = async (
      service: string,
      command: string,
      params = {},
    ): Promise<unknown> => {
      const { data, message } = (await app.socket.call(
        service,
        command,
        params,
      )) as Answer;
      return data ?? message;
    };
    const sum = { number1: 2, number2: 3 };
    expect(await answer('calc', 'sum', sum)).toBe(5);
    expect(await answer('sci', 'sum', sum)).toBe(-5);
    expect(await answer('sci', 'sum', { number1: 2 })).toBe('Invalid params');
    expect(await answer('sci', 'power', { base: 3 })).toBe(9);
    expect(await answer('sci', 'nothing')).toBe('overridden nothing');
    expect(await answer('calc', 'nothing')).toBe('nothing');
    expect(await answer('sci', 'twice', { n: 2 })).toBe(5);
    expect(await answer('calc', 'twice', { n: 2 })).toBe(4);
    expect(await answer('sci', 'twice', { n: 'x' })).toBe('Invalid params');
    expect(await answer('sci', 'twice', { m: 2 })).toBe('Invalid params');
    expect(await answer('sci', 'renamed')).toBe('original');
  });

  it('do not leak into the ancestor, and methods are none', async () => {
    await using app = await startWithSocket([Calc, Sci]);
    for (const [service, command] of [
      ['calc', 'power'],
      ['calc', 'helper'],
      ['calc', 'original'],
      ['sci', 'helper'],
      ['sci', 'sign'],
    ] as const) {
      expect(await app.socket.call(service, command)).toMatchObject({
        message: 'Unknown command',
      });
    }
  });

  it('may have another name, declaration and parameters in a subclass', async () => {
    class Changed extends Calc {
      @RpcCommand({ name: 'calm', unchecked: true })
      override nothing(): string {
        return 'calm';
      }
      @RpcCommand()
      override sum(
        params: SumParams,
        @ConnectedClient() client?: Client,
      ): number {
        return super.sum(params) * (client === undefined ? 1 : 10);
      }
    }
    // Every parameter of a decorated one needs a decorator of its own.
    await expect(startWithSocket([Changed])).rejects.toMatchObject({
      code: 'SNORKY_PARAMETER_BARE',
    });
    class Renamed extends Calc {
      @RpcCommand({ name: 'calm' })
      override nothing(): string {
        return 'calm';
      }
      @RpcCommand()
      override twice(@RpcParam('m') m: number): number {
        return m * 20;
      }
    }
    await using app = await startWithSocket([Renamed]);
    expect(await app.socket.call('calc', 'calm')).toMatchObject({
      data: 'calm',
    });
    expect(await app.socket.call('calc', 'nothing')).toMatchObject({
      message: 'Unknown command',
    });
    expect(await app.socket.call('calc', 'twice', { m: 1 })).toMatchObject({
      data: 20,
    });
    expect(await app.socket.call('calc', 'twice', { n: 1 })).toMatchObject({
      message: 'Invalid params',
    });
  });

  it('are inherited by a class without a decorator, under the same name', async () => {
    class Plain extends Calc {
      override nothing(): string {
        return 'plain';
      }
    }
    await using app = await startWithSocket([Plain]);
    expect(await app.socket.call('calc', 'nothing')).toMatchObject({
      data: 'plain',
    });
  });

  it('may come from an abstract class, or one that is no service', async () => {
    abstract class Base<T> {
      protected abstract make(): T;
      @RpcCommand()
      get(): T {
        return this.make();
      }
    }
    @SnorkyService('numbers')
    class Numbers extends Base<number> {
      protected make(): number {
        return 7;
      }
    }
    @SnorkyService('texts')
    class Texts extends Base<string> {
      protected make(): string {
        return 'seven';
      }
    }
    await using app = await startWithSocket([Numbers, Texts]);
    expect(await app.socket.call('numbers', 'get')).toMatchObject({ data: 7 });
    expect(await app.socket.call('texts', 'get')).toMatchObject({
      data: 'seven',
    });
  });

  it('may belong to a class that extends RpcService', async () => {
    @SnorkyService('rooms')
    class Rooms extends RpcService {
      @RpcCommand()
      shout(@RpcParam('text') text: string): number {
        const clients = this.registry.clients();
        this.notify(clients, { type: 'shout', text, from: this.name });
        return clients.size;
      }
    }
    await using app = await startWithSocket([Rooms]);
    app.socket.send('rooms', {
      command: 'shout',
      params: { text: 'hey' },
      callId: 1,
    });
    expect(await app.socket.take(2)).toEqual([
      { type: 'shout', text: 'hey', from: 'rooms' },
      { type: 'response', callId: 1, data: 1 },
    ]);
    for (const command of ['notify', 'processMessageFrom', 'commandNames']) {
      expect(await app.socket.call('rooms', command)).toMatchObject({
        message: 'Unknown command',
      });
    }
  });

  it('keep the guards of the method that they are inherited with', async () => {
    @SnorkyService('guarded')
    class Guarded {
      @UseGuards({ canActivate: () => false })
      @RpcCommand()
      secret(): string {
        return 'secret';
      }
    }
    @SnorkyService('heir')
    class Heir extends Guarded {}
    await using app = await startWithSocket([Guarded, Heir]);
    for (const service of ['guarded', 'heir']) {
      expect(await app.socket.call(service, 'secret')).toMatchObject({
        message: 'Forbidden resource',
      });
    }
  });
});
