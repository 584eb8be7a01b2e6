import { expect, it, jest } from '@jest/globals';

jest.unstable_mockModule('class-validator', () => {
  throw new Error("Cannot find package 'class-validator'");
});

const { RpcCommand, RpcParam, SnorkyService } = await import('snorky');
const { startWithSocket } = await import('../../support/servers/services.js');

class Params {
  a!: number;
}

@SnorkyService('dto')
class Dto {
  @RpcCommand()
  take({ a }: Params): number {
    return a;
  }
}

@SnorkyService('plain')
class Plain {
  @RpcCommand()
  take(@RpcParam('a') a: number): number {
    return a;
  }
}

it('A DTO class without class-validator fails with what to install', async () => {
  await expect(startWithSocket([Dto])).rejects.toMatchObject({
    code: 'SNORKY_VALIDATOR_MISSING',
    message:
      'Dto.take() takes a DTO class, which needs two packages. Run: npm install ' +
      'class-validator class-transformer',
  });
});

it('Named parameters need no class-validator', async () => {
  await using app = await startWithSocket([Plain]);
  expect(await app.socket.call('plain', 'take', { a: 1 })).toMatchObject({
    data: 1,
  });
  expect(await app.socket.call('plain', 'take', { a: '1' })).toMatchObject({
    message: 'Invalid params',
  });
});
