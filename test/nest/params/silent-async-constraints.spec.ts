import { describe, expect, it } from '@jest/globals';
import {
  registerDecorator,
  Validate,
  ValidatorConstraint,
  type ValidatorConstraintInterface,
} from 'class-validator';
import { RpcCommand, SnorkyService } from 'snorky';
import { setTimeout as sleep } from 'node:timers/promises';
import { startWithSocket } from '../../support/servers/services.js';

// Apart from the others: one constraint that says it is asynchronous would
// have all of this file's checked the asynchronous way.

@ValidatorConstraint()
class NotTaken implements ValidatorConstraintInterface {
  validate(value: unknown): Promise<boolean> {
    return sleep(1).then(() => value !== 'taken');
  }
}

function IsFree(): PropertyDecorator {
  return (target, propertyName) =>
    registerDecorator({
      name: 'isFree',
      target: target.constructor,
      propertyName: propertyName as string,
      validator: {
        validate: (value) => sleep(1).then(() => value !== 'taken'),
      },
    });
}

class ByClass {
  @Validate(NotTaken) name!: string;
}

class ByDecorator {
  @IsFree() name!: string;
}

@SnorkyService('classes')
class Classes {
  @RpcCommand()
  check({ name }: ByClass): string {
    return name;
  }
}

@SnorkyService('decorators')
class Decorators {
  @RpcCommand()
  check({ name }: ByDecorator): string {
    return name;
  }
}

describe('Constraints that answer by a promise without saying so', () => {
  it.each([
    ['classes', Classes],
    ['decorators', Decorators],
  ])('are awaited (%s)', async (service, provider) => {
    await using app = await startWithSocket([provider]);
    expect(
      await app.socket.call(service, 'check', { name: 'free' }),
    ).toMatchObject({ data: 'free' });
    expect(
      await app.socket.call(service, 'check', { name: 'taken' }),
    ).toMatchObject({ message: 'Invalid params' });
  });
});
