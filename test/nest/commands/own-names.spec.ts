import { describe, expect, it } from '@jest/globals';
import { UseGuards, type CanActivate } from '@nestjs/common';
import {
  PubSubModule,
  PubSubService,
  RpcCommand,
  RpcError,
  RpcService,
  SnorkyModule,
  SnorkyService,
} from 'snorky';
import { startApp, type RunningApp } from '../../support/servers/app.js';
import { RecordedLog } from '../../support/servers/log.js';
import { TestSocket } from '../../support/sockets/socket.js';

class Later implements CanActivate {
  canActivate(): Promise<boolean> {
    return Promise.resolve(true);
  }
}

/** Commands with the names that the classes have used for themselves. */
@SnorkyService('judge')
class Judge extends RpcService {
  @RpcCommand()
  run(): string {
    return 'ran';
  }
  @UseGuards(Later)
  @RpcCommand()
  runStaged(): string {
    return 'ran staged';
  }
  @RpcCommand()
  settle(): string {
    return 'settled';
  }
  @RpcCommand()
  settleLater(): Promise<string> {
    return Promise.resolve('settled later');
  }
  @RpcCommand()
  reject(): never {
    throw new RpcError('rejected');
  }
  @RpcCommand()
  describe(): never {
    throw new Error('not described');
  }
}

@SnorkyService('pubsub')
class Studio extends PubSubService {
  @RpcCommand()
  announce(): string {
    return 'announced';
  }
  @RpcCommand()
  inTurn(): string {
    return 'in turn';
  }
  @RpcCommand()
  topicOf(): string {
    return 'topic';
  }
  @RpcCommand()
  feeds(): string {
    return 'feeds';
  }
  @RpcCommand()
  engine(): string {
    return 'engine';
  }
  @RpcCommand()
  underway(): string {
    return 'underway';
  }
}

const start = (log = new RecordedLog()): Promise<RunningApp> =>
  startApp(
    {
      imports: [
        SnorkyModule.forRoot({
          registries: { frontend: { websocket: { path: '/ws' } } },
        }),
        PubSubModule.register({ service: Studio }),
      ],
      providers: [Judge],
    },
    (app) => app.useLogger(log),
  );

describe('A command may be called what it likes', () => {
  it('in an RpcService', async () => {
    const log = new RecordedLog();
    await using app = await start(log);
    await using socket = await TestSocket.connect(`${app.ws}/ws`);
    for (const [command, answer] of Object.entries({
      run: { data: 'ran' },
      runStaged: { data: 'ran staged' },
      settle: { data: 'settled' },
      settleLater: { data: 'settled later' },
      reject: { message: 'rejected' },
      describe: { message: 'Internal error' },
    })) {
      expect(await socket.call('judge', command)).toMatchObject(answer);
    }
    expect(log.with('error', 'Command failed: judge.describe')).toHaveLength(1);
  });

  it('in a PubSubService', async () => {
    await using app = await start();
    await using socket = await TestSocket.connect(`${app.ws}/ws`);
    for (const [command, data] of Object.entries({
      announce: 'announced',
      inTurn: 'in turn',
      topicOf: 'topic',
      feeds: 'feeds',
      engine: 'engine',
      underway: 'underway',
    })) {
      expect(await socket.call('pubsub', command)).toMatchObject({ data });
    }
    const channel = { channel: 'a' };
    await socket.call('pubsub', 'subscribe', channel);
    await app.app.get(Studio).broadcast('a', 1);
    expect(await socket.take(1)).toMatchObject([{ message: 1 }]);
    expect(await socket.call('pubsub', 'unsubscribe', channel)).toMatchObject({
      data: null,
    });
  });
});
