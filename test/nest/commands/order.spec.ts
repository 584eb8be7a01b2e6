import { describe, expect, it } from '@jest/globals';
import {
  UseGuards,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
} from '@nestjs/common';
import { delay, of, switchMap } from 'rxjs';
import {
  Client,
  RpcCommand,
  RpcError,
  RpcParam,
  Service,
  SnorkyService,
  type JsonValue,
} from 'snorky';
import { setTimeout as sleep } from 'node:timers/promises';
import { deferred } from '../../support/waiting/deferred.js';
import { RecordedLog } from '../../support/servers/log.js';
import {
  startServices,
  startWithSocket,
} from '../../support/servers/services.js';
import { TestSocket } from '../../support/sockets/socket.js';

const slowGuard = {
  canActivate: async (): Promise<boolean> => {
    await sleep(5);
    return true;
  },
};
const interceptor = {
  intercept: (_context: ExecutionContext, next: CallHandler) => next.handle(),
};
const slowInterceptor = {
  intercept: (_context: ExecutionContext, next: CallHandler) =>
    of(1).pipe(
      delay(2),
      switchMap(() => next.handle()),
    ),
};

let gate = deferred<string>();
const started: string[] = [];

@SnorkyService('mixed')
class Mixed {
  @UseGuards(slowGuard)
  @RpcCommand()
  guarded(): string {
    started.push('guarded');
    return 'guarded';
  }
  @UseInterceptors(interceptor)
  @RpcCommand()
  intercepted(): string {
    return 'intercepted';
  }
  @UseInterceptors(slowInterceptor)
  @RpcCommand()
  delayed(): string {
    return 'delayed';
  }
  @RpcCommand()
  plain(): string {
    started.push('plain');
    return 'plain';
  }
  @RpcCommand()
  throwing(): void {
    throw new RpcError('throwing');
  }
  @UseGuards({ canActivate: () => false })
  @RpcCommand()
  refused(): void {}
  @RpcCommand()
  named(@RpcParam('n') n: number): number {
    return n;
  }
  @RpcCommand()
  slow(): Promise<string> {
    started.push('slow');
    return gate.promise;
  }
  @UseGuards(slowGuard)
  @RpcCommand()
  guardedSlow(): Promise<string> {
    started.push('guardedSlow');
    return gate.promise;
  }
  @UseInterceptors(interceptor)
  @RpcCommand()
  interceptedSlow(): Promise<string> {
    started.push('interceptedSlow');
    return gate.promise;
  }
  @UseGuards(slowGuard)
  @RpcCommand({ async: true })
  silent(): void {
    started.push('silent');
  }
}

@SnorkyService('echo')
class Echo extends Service {
  processMessageFrom(client: Client, message: JsonValue): void {
    this.sendMessageTo(client, message);
  }
}

const calls = (
  commands: readonly string[],
): readonly (readonly [string, object])[] =>
  commands.map((command, callId) => ['mixed', { command, params: {}, callId }]);

const ids = (messages: unknown[]): unknown[] =>
  messages.map((message) => (message as { callId?: unknown }).callId);

describe('The calls of one TCP chunk', () => {
  const all = [
    'guarded',
    'intercepted',
    'plain',
    'throwing',
    'delayed',
    'refused',
    'unknown',
  ];

  it.each([
    ['as they come', all],
    ['in reverse', [...all].reverse()],
    ['twice', [...all, ...all]],
  ])('are answered in order: %s', async (_what, commands) => {
    await using app = await startWithSocket([Mixed]);
    app.socket.sendTogether(calls(commands));
    const answers = await app.socket.take(commands.length);
    expect(ids(answers)).toEqual([...commands.keys()]);
    expect(answers).toEqual(
      commands.map((command, callId) => {
        const data = { type: 'response', callId, data: command };
        const error = { type: 'error', callId };
        if (command === 'throwing') return { ...error, message: 'throwing' };
        if (command === 'refused')
          return { ...error, message: 'Forbidden resource' };
        if (command === 'unknown')
          return { ...error, message: 'Unknown command' };
        return data;
      }),
    );
  });

  it('keep their order among those to other services and to nobody', async () => {
    await using app = await startWithSocket([Mixed, Echo]);
    app.socket.sendTogether([
      ...calls(['guarded']),
      ['echo', 1],
      ['nobody', 2],
      ['mixed', { command: 'named', params: { n: 'x' }, callId: 3 }],
      ['echo', 4],
    ]);
    expect(await app.socket.take(4)).toEqual([
      { type: 'response', callId: 0, data: 'guarded' },
      1,
      { type: 'error', callId: 3, message: 'Invalid params' },
      4,
    ]);
  });

  it('wait for nobody on another connection', async () => {
    await using app = await startServices([Mixed]);
    await using first = await TestSocket.connect(`${app.ws}/ws`);
    await using second = await TestSocket.connect(`${app.ws}/ws`);
    gate = deferred();
    first.sendTogether(calls(['guarded', 'slow']));
    // Nobody has opened the gate of the slow one.
    expect(await second.call('mixed', 'plain')).toMatchObject({
      data: 'plain',
    });
    gate.resolve('');
    await first.take(2);
  });
});

describe('Commands that return a promise', () => {
  it('let the next one start, and are answered when they settle', async () => {
    await using app = await startWithSocket([Mixed]);
    gate = deferred();
    started.length = 0;
    app.socket.sendTogether(
      calls(['slow', 'interceptedSlow', 'guardedSlow', 'guarded', 'plain']),
    );
    expect(ids(await app.socket.take(2))).toEqual([3, 4]);
    expect(started).toEqual([
      'slow',
      'interceptedSlow',
      'guardedSlow',
      'guarded',
      'plain',
    ]);
    gate.resolve('done');
    expect(ids(await app.socket.take(3)).sort()).toEqual([0, 1, 2]);
  });

  it('do not start before the guards of the one before have decided', async () => {
    await using app = await startWithSocket([Mixed]);
    gate = deferred();
    started.length = 0;
    app.socket.sendTogether(calls(['guarded', 'slow', 'guarded', 'plain']));
    expect(ids(await app.socket.take(3))).toEqual([0, 2, 3]);
    expect(started).toEqual(['guarded', 'slow', 'guarded', 'plain']);
    gate.resolve('');
    await app.socket.take(1);
  });

  it('that reject let the next one through as well', async () => {
    await using app = await startWithSocket([Mixed]);
    gate = deferred();
    app.socket.sendTogether(calls(['guardedSlow', 'plain']));
    expect(ids(await app.socket.take(1))).toEqual([1]);
    gate.reject(new RpcError('No'));
    expect(await app.socket.take(1)).toEqual([
      { type: 'error', callId: 0, message: 'No' },
    ]);
  });
});

describe('An async command that never replies', () => {
  it('holds nobody up', async () => {
    await using app = await startWithSocket([Mixed]);
    app.socket.sendTogether(calls(['silent', 'silent', 'plain', 'guarded']));
    expect(ids(await app.socket.take(2))).toEqual([2, 3]);
  });
});

describe('Messages of a client that is still connecting', () => {
  const log = new RecordedLog();
  let connecting = deferred();
  const seen: string[] = [];

  @SnorkyService('welcome')
  class Welcome extends Service {
    override async onClientConnected(client: Client): Promise<void> {
      await connecting.promise;
      this.sendMessageTo(client, 'welcome');
      seen.push('ready');
    }
    override onClientDisconnected(): void {
      seen.push('gone');
    }
    processMessageFrom(client: Client, message: JsonValue): void {
      this.sendMessageTo(client, message);
    }
  }

  it('are held back until its hooks have settled', async () => {
    connecting = deferred();
    await using app = await startServices([Mixed, Welcome]);
    await using socket = await TestSocket.connect(`${app.ws}/ws`);
    socket.sendTogether([['welcome', 'early'], ...calls(['guarded', 'plain'])]);
    // Its pong shows that the server has read what came before.
    const pong = new Promise((resolve) => socket.ws.once('pong', resolve));
    socket.ws.ping();
    await pong;
    expect(socket.unread).toEqual([]);
    connecting.resolve();
    expect(await socket.take(4)).toEqual([
      'welcome',
      'early',
      { type: 'response', callId: 0, data: 'guarded' },
      { type: 'response', callId: 1, data: 'plain' },
    ]);
  });

  it('are handled although the hook of a service has failed', async () => {
    connecting = deferred();
    @SnorkyService('broken')
    class Broken extends Service {
      override onClientConnected(): Promise<void> {
        return Promise.reject(new Error('hook'));
      }
      override onClientDisconnected(): void {
        throw new Error('other hook');
      }
      processMessageFrom(): void {}
    }
    seen.length = 0;
    await using app = await startServices([Broken, Welcome, Mixed], {
      prepare: (made) => made.useLogger(log),
    });
    {
      await using socket = await TestSocket.connect(`${app.ws}/ws`);
      connecting.resolve();
      expect(await socket.take(1)).toEqual(['welcome']);
      expect(await socket.call('mixed', 'plain')).toMatchObject({
        data: 'plain',
      });
    }
    await app.app.close();
    expect(seen).toEqual(['ready', 'gone']);
    expect(
      log.with('error', 'onClientConnected of service "broken" failed'),
    ).toHaveLength(1);
    expect(
      log.with('error', 'onClientDisconnected of service "broken" failed'),
    ).toHaveLength(1);
  });
});
