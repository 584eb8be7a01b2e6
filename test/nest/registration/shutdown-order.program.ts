import 'reflect-metadata';
import type { DynamicModule, LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  BroadcastDealer,
  DataSyncModule,
  DataSyncService,
  SnorkyModule,
  SnorkyWsAdapter,
  type Broker,
  type DeltaInput,
} from '../../../src/index.js';
import { DelayedBroker } from '../../../src/broker/delayed-broker.js';
import { MemoryBroker } from '../../../src/broker/memory/memory-broker.js';
import { MemoryStore } from '../../../src/broker/memory/memory-store.js';
import { TestSocket } from '../../support/sockets/socket.js';

/**
 * Runs in a process of its own, which alone sees rejections that nobody handles:
 * nodes that shut down while subscriptions are held and messages are under way.
 */

/** How one node has ended. */
export interface Ending {
  /** Who was called at shutdown, in order. */
  readonly called: readonly string[];
  /** Lines of the log at `error`. */
  readonly errors: readonly string[];
  /** Why what the application has asked for has failed. */
  readonly failed: readonly string[];
  /** Rejections that nobody handled. */
  readonly unhandled: readonly string[];
  /** Tokens that were held when the broker was closed. */
  readonly held: number;
  /** Tokens that were there then, for another node to take. */
  readonly free: number;
  /** The codes with which connections were closed. */
  readonly codes: readonly number[];
}

const unhandled: string[] = [];
process.on('unhandledRejection', (reason) => unhandled.push(String(reason)));

class AllTasks extends BroadcastDealer {
  readonly model = 'Task';
}

class AllNotes extends BroadcastDealer {
  readonly model = 'Note';
}

/** Keeps what went wrong. */
class ErrorLog implements LoggerService {
  readonly errors: string[] = [];

  log(): void {}

  warn(): void {}

  error(text: unknown): void {
    this.errors.push(String(text));
  }
}

/**
 * Refuses everything once it is closed, as one does whose connection is gone.
 * Looks at its tokens then: which could another node have?
 */
class StrictBroker extends MemoryBroker {
  private readonly names = new Set<string>();
  held = 0;
  free = 0;

  constructor(
    store: MemoryStore,
    private readonly other: MemoryBroker,
    private readonly closes: () => void,
  ) {
    super({ store, node: 'a' });
    const { topics, tokens } = this;
    const log = topics.log.bind(topics);
    const put = tokens.put.bind(tokens);
    this.refusing(topics, ['announce']);
    topics.log = (...args) => {
      const made = log(...args);
      this.refusing(made, ['publish', 'position', 'replay']);
      return made;
    };
    tokens.put = (name, ...rest) => {
      this.names.add(name);
      put(name, ...rest);
    };
    this.refusing(tokens, ['put', 'claim', 'update', 'release', 'remove']);
  }

  override async close(): Promise<void> {
    this.closes();
    for (const name of this.names) {
      const claim = this.other.tokens.claim(name, 'b/1');
      if (claim.claimed) this.free++;
      else if (claim.reason === 'held') this.held++;
    }
    await super.close();
  }

  private refusing<Port extends object>(
    port: Port,
    names: readonly (keyof Port)[],
  ): void {
    for (const name of names) {
      const act = (port[name] as (...args: unknown[]) => unknown).bind(port);
      const strict = (...args: unknown[]): unknown => {
        if (this.state === 'closed') throw new Error('The broker is closed');
        return act(...args);
      };
      Object.assign(port, { [name]: strict });
    }
  }
}

/** A row; with a value that JSON does not have, everybody has to fetch again. */
const insert = (model: string, value: unknown): DeltaInput =>
  ({ type: 'insert', model, data: { value } }) as DeltaInput;

async function ending(rootFirst: boolean, slow: boolean): Promise<Ending> {
  unhandled.length = 0;
  const store = new MemoryStore();
  const other = new MemoryBroker({ store, node: 'b' });
  const called = new Set<string>();
  const inner = new StrictBroker(store, other, () => called.add('broker'));
  const broker: Broker = slow ? new DelayedBroker(inner) : inner;

  class Observed extends DataSyncService {
    override onApplicationShutdown(): void {
      called.add('datasync');
      super.onApplicationShutdown();
    }
  }

  const modules: DynamicModule[] = [
    SnorkyModule.forRoot({
      broker,
      registries: { frontend: { websocket: { path: '/ws' } }, backend: {} },
      shutdownTimeout: 1000,
    }),
    DataSyncModule.register({
      service: Observed,
      dealers: [AllTasks, AllNotes],
    }),
  ];
  if (!rootFirst) modules.reverse();
  const logger = new ErrorLog();
  const app = await NestFactory.create(
    { module: class Root {}, imports: modules },
    { logger, abortOnError: false },
  );
  app.useWebSocketAdapter(new SnorkyWsAdapter(app));
  await app.listen(0, '127.0.0.1');
  const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
  const service = app.get(Observed, { strict: false });
  const authorize = async (): Promise<string> =>
    service.authorizeSubscription([{ dealer: 'AllTasks', query: null }]);

  const sockets: TestSocket[] = [];
  for (let i = 0; i < 3; i++) {
    const socket = await TestSocket.connect(`ws://127.0.0.1:${port}/ws`);
    sockets.push(socket);
    for (let each = 0; each < 2; each++) {
      const params = { token: await authorize(), resume: true };
      await socket.call('datasync', 'acquireSubscription', params);
    }
  }

  // From here on nothing is waited for until the node is closed. The tokens are
  // asked for first, since their answers are needed to ask for more.
  const fresh = await Promise.all(sockets.map(authorize));
  const underWay: unknown[] = [
    // The second of each waits for the end of a window.
    service.invalidate(['Note']),
    service.invalidate(['Note']),
    service.publishDeltas([insert('Note', 1n)]),
    service.publishDeltas([insert('Note', 2n)]),
    ...Array.from({ length: 20 }, (_, n) =>
      service.publishDeltas([insert('Task', n)]),
    ),
  ];
  // In two steps: who has asked for it is told if the second came too late.
  void Promise.resolve(service.revoke({ identity: 'nobody' })).catch(() => {});
  for (const [i, socket] of sockets.entries()) {
    const params = { token: fresh[i], resume: true };
    socket.send('datasync', {
      command: 'acquireSubscription',
      params,
      callId: 'late',
    });
  }
  const settled = Promise.allSettled(underWay);
  await app.close();
  const failed = (await settled).flatMap((each) =>
    each.status === 'rejected' ? [String(each.reason)] : [],
  );
  // No event tells the end of this: the slow broker answers within 5 ms, also what
  // came after it was closed, and nobody waits for those answers.
  await new Promise((resolve) => setTimeout(resolve, 50));
  const closed = await Promise.all(sockets.map((socket) => socket.closed));
  await other.close();
  return {
    called: [...called],
    errors: logger.errors,
    failed,
    unhandled: [...unhandled],
    held: inner.held,
    free: inner.free,
    codes: closed.map(({ code }) => code),
  };
}

const endings: Record<string, Ending> = {};
for (const slow of [false, true]) {
  for (const rootFirst of [true, false]) {
    const name = `${rootFirst ? 'root' : 'datasync'} ${slow ? 'slow' : 'fast'}`;
    endings[name] = await ending(rootFirst, slow);
  }
}
process.send?.(endings);
process.channel?.unref();
