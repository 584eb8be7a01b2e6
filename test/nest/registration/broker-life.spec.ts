import { Injectable, Module, type OnModuleInit } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from '@jest/globals';
import {
  InjectBroker,
  MemoryBroker,
  PubSubModule,
  PubSubService,
  SnorkyModule,
  type Broker,
  type BrokerState,
} from 'snorky';
import { DelayedBroker } from '../../../src/broker/delayed-broker.js';
import { MemoryStore } from '../../../src/broker/memory/memory-store.js';
import { RecordedLog } from '../../support/servers/log.js';

/** Connects when it is started, and tells what happened. */
class ConnectingBroker extends MemoryBroker {
  readonly happened: string[] = [];
  private connected = false;

  override get state(): BrokerState {
    return this.connected ? super.state : 'starting';
  }

  async start(): Promise<void> {
    this.happened.push('start');
    await new Promise((resolve) => setTimeout(resolve, 20));
    this.connected = true;
    this.happened.push('started');
  }

  override async close(): Promise<void> {
    this.happened.push('close');
    await super.close();
    await new Promise((resolve) => setTimeout(resolve, 20));
    this.happened.push('closed');
  }
}

/** Uses it as early as it can. */
@Injectable()
class Early implements OnModuleInit {
  readonly states: BrokerState[] = [];

  constructor(
    @InjectBroker() private readonly broker: Broker,
    private readonly pubsub: PubSubService,
  ) {
    this.states.push(this.broker.state);
  }

  async onModuleInit(): Promise<void> {
    this.states.push(this.broker.state);
    await this.pubsub.broadcast('a', 'early');
  }
}

@Module({ imports: [PubSubModule.register()], providers: [Early] })
class EarlyModule {}

function start(
  broker: Broker,
  log = new RecordedLog(),
  shutdownTimeout = 1000,
) {
  return Test.createTestingModule({
    imports: [
      EarlyModule,
      SnorkyModule.forRoot({
        broker,
        shutdownTimeout,
        registries: { frontend: { websocket: { path: '/ws' } }, backend: {} },
      }),
    ],
  })
    .setLogger(log)
    .compile();
}

describe('The broker of an application', () => {
  it.each([
    ['by itself', (broker: Broker) => broker],
    ['behind a network', (broker: Broker) => new DelayedBroker(broker)],
  ])(
    'has started before anything could use it, and closes with it, %s',
    async (_how, wrap) => {
      const broker = new ConnectingBroker();
      expect(broker.state).toBe('starting');
      const app = await start(wrap(broker));
      await app.init();
      expect(app.get(Early).states).toEqual(['ready', 'ready']);
      expect(broker.happened).toEqual(['start', 'started']);
      await app.close();
      expect(broker.happened.slice(2)).toEqual(['close', 'closed']);
      expect(broker.state).toBe('closed');
    },
  );

  it.each([
    ['rejects', async () => Promise.reject(new Error('no route'))],
    [
      'throws',
      () => {
        throw new Error('no route');
      },
    ],
  ])('stops the start where its own %s', async (_how, fails) => {
    const broker = Object.assign(new MemoryBroker(), { start: fails });
    await expect(start(broker)).rejects.toMatchObject({
      code: 'SNORKY_BROKER_START',
      message: expect.stringContaining('The broker could not start: no route.'),
      cause: { message: 'no route' },
    });
  });

  it.each([
    ['does not settle', () => new Promise<void>(() => {}), 'has not closed'],
    [
      'rejects',
      async () => Promise.reject(new Error('cut')),
      'The broker did not close: cut',
    ],
  ])('holds nobody up where its close() %s', async (_how, close, line) => {
    const log = new RecordedLog();
    const broker = Object.assign(new MemoryBroker(), { close });
    const app = await start(broker, log, 30);
    await app.init();
    await app.close();
    expect(log.lines.some(({ text }) => text.includes(line))).toBe(true);
  });

  it('is the one in memory where none is given, and ready', async () => {
    @Injectable()
    class Holder {
      constructor(@InjectBroker() readonly broker: Broker) {}
    }
    const testing = await Test.createTestingModule({
      imports: [SnorkyModule.forRoot({ registries: {} })],
      providers: [Holder],
    }).compile();
    expect(testing.get(Holder).broker.state).toBe('ready');
    await testing.close();
  });
});

describe('A broker in memory', () => {
  it('is not available while its node is cut off', async () => {
    const store = new MemoryStore({ lease: 60_000 });
    const broker = new MemoryBroker({ store, node: 'a' });
    expect(broker.state).toBe('ready');
    store.cutOff('a');
    expect(broker.state).toBe('unavailable');
    store.restore('a');
    expect(broker.state).toBe('ready');
    await broker.close();
    expect(broker.state).toBe('closed');
  });
});
