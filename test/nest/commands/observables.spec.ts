import { describe, expect, it } from '@jest/globals';
import { UseInterceptors, type NestInterceptor } from '@nestjs/common';
import { EMPTY, of, throwError, timer, map, type Observable } from 'rxjs';
import { RpcCommand, RpcError, SnorkyModule, SnorkyService } from 'snorky';
import { connectClient } from 'snorky/testing';
import { Test } from '@nestjs/testing';

const through: NestInterceptor = {
  intercept: (_context, next) => next.handle(),
};

@SnorkyService('streams')
class Streams {
  @RpcCommand()
  numbers(): Observable<number> {
    return of(1, 2, 3);
  }

  @RpcCommand()
  @UseInterceptors(through)
  enhanced(): Observable<number> {
    return this.numbers();
  }

  @RpcCommand()
  later(): Observable<string> {
    return timer(1).pipe(map(() => 'later'));
  }

  @RpcCommand()
  async promised(): Promise<Observable<number>> {
    return this.numbers();
  }

  @RpcCommand()
  nothing(): Observable<never> {
    return EMPTY;
  }

  @RpcCommand()
  failing(): Observable<never> {
    return throwError(() => new RpcError('no'));
  }
}

describe('A command that returns an Observable', () => {
  it('answers its last value, with and without enhancers', async () => {
    const testing = await Test.createTestingModule({
      imports: [SnorkyModule.forRoot({ registries: { frontend: {} } })],
      providers: [Streams],
    }).compile();
    const app = await testing.init();
    await using client = await connectClient(app);
    expect(await client.call('streams', 'numbers')).toBe(3);
    expect(await client.call('streams', 'enhanced')).toBe(3);
    expect(await client.call('streams', 'promised')).toBe(3);
    expect(await client.call('streams', 'later')).toBe('later');
    expect(await client.call('streams', 'nothing')).toBeNull();
    await expect(client.call('streams', 'failing')).rejects.toThrow('no');
    await app.close();
  });
});
