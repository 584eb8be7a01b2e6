import { describe, expect, it } from '@jest/globals';
import { ValidationPipe, type LoggerService } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { IsInt, Min } from 'class-validator';
import { RpcCommand, RpcParam, SnorkyModule, SnorkyService } from 'snorky';
import { connectClient } from 'snorky/testing';
import { z } from 'zod';

class Order {
  @IsInt()
  @Min(1)
  amount!: number;
}

@SnorkyService('shop')
class Shop {
  @RpcCommand()
  order(_order: Order): void {}

  @RpcCommand({ params: z.object({ name: z.string() }) })
  rename(_params: { name: string }): void {}

  @RpcCommand()
  tag(@RpcParam('tags') _tags: string[], @RpcParam('n') _n: number): void {}

  @RpcCommand()
  piped(@RpcParam('order', new ValidationPipe()) _order: Order): void {}
}

describe('The reason why params are invalid', () => {
  it.each<[string, object, string]>([
    ['order', { amount: 0 }, 'amount must not be less than 1'],
    ['order', { amount: 1, colour: 'red' }, 'colour'],
    ['rename', { name: 1 }, 'name: Invalid input'],
    ['tag', { tags: 'a', n: 1 }, '"tags" must be an array'],
    ['tag', { tags: [], n: '1' }, '"n" must be a number'],
    ['tag', { tags: [] }, '"n" is missing'],
    ['tag', { tags: [], n: 1, m: 2 }, '"m" is unknown'],
    ['piped', { order: { amount: 0 } }, 'amount must not be less than 1'],
  ])('of %s(%j) is a debug line', async (command, params, reason) => {
    const lines: string[] = [];
    const logger: LoggerService = {
      log: () => {},
      warn: () => {},
      error: () => {},
      debug: (line: unknown) => lines.push(String(line)),
    };
    const testing = await Test.createTestingModule({
      imports: [SnorkyModule.forRoot({ registries: { frontend: {} } })],
      providers: [Shop],
    }).compile();
    testing.useLogger(logger);
    const app = await testing.init();
    await using client = await connectClient(app);
    await expect(
      client.call('shop', command, params as Record<string, never>),
    ).rejects.toThrow('Invalid params');
    expect(lines.join()).toContain('Invalid params, ');
    expect(lines.join()).toContain(reason);
    expect(lines.join()).toContain(`shop.${command}(`);
    await app.close();
  });
});
