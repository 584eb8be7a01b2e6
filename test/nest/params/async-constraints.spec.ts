import { describe, expect, it } from '@jest/globals';
import { Type } from 'class-transformer';
import {
  registerDecorator,
  Validate,
  ValidateNested,
  ValidatorConstraint,
  type ValidatorConstraintInterface,
} from 'class-validator';
import { RpcCommand, RpcParam, SnorkyService } from 'snorky';
import { setTimeout as sleep } from 'node:timers/promises';
import { startWithSocket } from '../../support/servers/services.js';

@ValidatorConstraint({ async: true })
class NotTaken implements ValidatorConstraintInterface {
  async validate(value: unknown): Promise<boolean> {
    await sleep(1);
    return value !== 'taken';
  }
}

class Free {
  @Validate(NotTaken) name!: string;
}

class Outer {
  @ValidateNested() @Type(() => Free) inner!: Free;
}

function IsFree(): PropertyDecorator {
  return (target, propertyName) =>
    registerDecorator({
      name: 'isFree',
      async: true,
      target: target.constructor,
      propertyName: propertyName as string,
      validator: {
        validate: (value) => sleep(1).then(() => value !== 'taken'),
      },
    });
}

class Decorated {
  @IsFree() name!: string;
}

@SnorkyService('names')
class Names {
  @RpcCommand()
  plain(): string {
    return 'plain';
  }
  @RpcCommand()
  all({ name }: Free): string {
    return name;
  }
  @RpcCommand()
  decorated({ name }: Decorated): string {
    return name;
  }
  @RpcCommand()
  nested({ inner }: Outer): string {
    return inner.name;
  }
  @RpcCommand()
  one(@RpcParam('who') who: Free): string {
    return who.name;
  }
}

describe('Asynchronous constraints', () => {
  it.each([
    ['all', (name: string) => ({ name })],
    ['decorated', (name: string) => ({ name })],
    ['nested', (name: string) => ({ inner: { name } })],
    ['one', (name: string) => ({ who: { name } })],
  ])('of params are run (%s)', async (command, params) => {
    await using app = await startWithSocket([Names]);
    expect(
      await app.socket.call('names', command, params('free')),
    ).toMatchObject({ data: 'free' });
    expect(
      await app.socket.call('names', command, params('taken')),
    ).toMatchObject({ message: 'Invalid params' });
  });

  it('keep the order of the answers', async () => {
    await using app = await startWithSocket([Names]);
    const commands = [
      ['all', { name: 'free' }],
      ['plain', {}],
      ['one', { who: { name: 'taken' } }],
      ['plain', {}],
    ] as const;
    app.socket.sendTogether(
      commands.map(([command, params], callId) => [
        'names',
        { command, params, callId },
      ]),
    );
    expect(await app.socket.take(4)).toMatchObject([
      { callId: 0, data: 'free' },
      { callId: 1, data: 'plain' },
      { callId: 2, message: 'Invalid params' },
      { callId: 3, data: 'plain' },
    ]);
  });
});
