import {
  Injectable,
  type INestApplication,
  type ModuleMetadata,
  type Type,
} from '@nestjs/common';
import {
  BroadcastDealer,
  DataSyncModule,
  DataSyncService,
  Dealer,
  RpcError,
  SimpleDealer,
  SnorkyModule,
  type AuthorizeOptions,
  type Broker,
  type DataSyncOptions,
  type ItemRequest,
  type JsonObject,
  type JsonValue,
} from 'snorky';
import {
  startApp,
  type Platform,
  type RunningApp,
} from '../../../support/servers/app.js';
import { RecordedLog } from '../../../support/servers/log.js';
import { TestSocket } from '../../../support/sockets/socket.js';

export const PLATFORMS: readonly Platform[] = ['express', 'fastify'];

export class AllTasks extends BroadcastDealer {
  readonly model = 'Task';
}

export class TasksByProject extends SimpleDealer<JsonObject> {
  readonly model = 'Task';

  override checkQuery(query: JsonValue): void {
    if (typeof query !== 'number') throw new RpcError('A project is a number');
  }

  getKeyForModel({ project }: JsonObject): JsonValue | undefined {
    return project;
  }
}

/** Refuses with more than a sentence. */
export class Picky extends Dealer {
  readonly model = 'Task';

  override checkQuery(): void {
    throw new RpcError({ code: 7 });
  }

  matches(): boolean {
    return false;
  }
}

/** Knows which tokens were given. */
@Injectable()
export class RecordingDataSync extends DataSyncService {
  readonly tokens: string[] = [];

  override async authorizeSubscription(
    items: readonly ItemRequest[],
    options?: AuthorizeOptions,
  ): Promise<string> {
    const token = await super.authorizeSubscription(items, options);
    this.tokens.push(token);
    return token;
  }
}

/** An application with subscribable routes, on a port. */
export class RestApp implements AsyncDisposable {
  private constructor(
    private readonly running: RunningApp,
    readonly log: RecordedLog,
  ) {}

  static async start(
    platform: Platform,
    controllers: Type[],
    {
      imports = [],
      providers = [],
      broker = undefined as Broker | undefined,
      datasync = {} as DataSyncOptions,
      prepare = (_app: INestApplication): void => {},
    }: Pick<ModuleMetadata, 'imports' | 'providers'> & {
      broker?: Broker;
      datasync?: DataSyncOptions;
      prepare?: (app: INestApplication) => void;
    } = {},
  ): Promise<RestApp> {
    const log = new RecordedLog();
    const running = await startApp(
      {
        imports: [
          SnorkyModule.forRoot({
            ...(broker === undefined ? {} : { broker }),
            registries: { frontend: { websocket: { path: '/ws' } } },
          }),
          DataSyncModule.register({
            dealers: [AllTasks, TasksByProject, Picky],
            service: RecordingDataSync,
            ...datasync,
          }),
          ...imports,
        ],
        providers,
        controllers,
      },
      (app) => {
        app.useLogger(log);
        prepare(app);
      },
      platform,
    );
    return new RestApp(running, log);
  }

  get app(): INestApplication {
    return this.running.app;
  }

  get port(): number {
    return this.running.port;
  }

  /** The tokens that were authorized, given or not. */
  get tokens(): readonly string[] {
    return this.app.get(RecordingDataSync).tokens;
  }

  get(
    path: string,
    headers: Record<string, string> = {},
    method = 'GET',
  ): Promise<Response> {
    const redirect = 'manual';
    return fetch(`${this.running.http}${path}`, { method, headers, redirect });
  }

  /** Asks for the rows and a subscription. */
  subscribe(
    path: string,
    headers: Record<string, string> = {},
    method = 'GET',
  ): Promise<Response> {
    return this.get(path, { 'X-Snorky': 'Subscribe', ...headers }, method);
  }

  connect(): Promise<TestSocket> {
    return TestSocket.connect(`${this.running.ws}/ws`);
  }

  /** What acquiring a token over a socket of its own is answered. */
  async acquired(
    token: string | null | undefined,
    service = 'datasync',
    more: JsonObject = {},
  ): Promise<unknown> {
    await using socket = await this.connect();
    const params = { token: token ?? null, ...more };
    return await socket.call(service, 'acquireSubscription', params);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.running[Symbol.asyncDispose]();
  }
}

export const ACQUIRED = { type: 'response', callId: 0, data: null };
export const UNKNOWN = {
  type: 'error',
  callId: 0,
  message: 'No such subscription',
};

/** The names in a header that is a list of them. */
export function namesIn(response: Response, header: string): string[] {
  return (response.headers.get(header) ?? '').split(', ').filter(Boolean);
}

/** What of an answer is about subscriptions. */
export function tokensOf(response: Response): (string | null)[] {
  return ['x-subscription-token', 'x-subscription'].map((name) =>
    response.headers.get(name),
  );
}
