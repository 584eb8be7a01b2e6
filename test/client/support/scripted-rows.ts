import {
  DataSync,
  liveCollection,
  type Live,
  type LiveCollection,
  type LiveListOptions,
  type Snorky,
  type SnorkyOptions,
} from 'snorky/client';
import { connect, dispatched, inState } from './client.js';
import {
  ScriptedServer,
  type ArrivedCall,
  type ScriptedConnection,
} from './scripted-server.js';

export interface Row {
  readonly id: number;
}

/** A request for rows that has no answer yet. */
export class RowsRequest {
  readonly answered: Promise<Response>;
  private resolve!: (response: Response) => void;

  constructor(private readonly init: RequestInit) {
    this.answered = new Promise((resolve) => {
      this.resolve = resolve;
    });
  }

  /** What it asks for: `Subscribe` or `Renew`. */
  get asks(): string | null {
    return this.header('X-Snorky');
  }

  header(name: string): string | null {
    return new Headers(this.init.headers).get(name);
  }

  get isAborted(): boolean {
    return this.init.signal?.aborted === true;
  }

  /** Rows with these ids, and a token. */
  rows(token: string, ids: readonly number[], headers = {}): void {
    const rows = ids.map((id) => ({ id }));
    const all = { 'X-Subscription-Token': token, ...headers };
    this.resolve(Response.json(rows, { headers: all }));
  }

  /** A new token, without rows. */
  renewed(token: string, headers = {}): void {
    const all = { 'X-Subscription-Token': token, ...headers };
    this.resolve(new Response(null, { status: 204, headers: all }));
  }

  refuse(status: number, headers = {}): void {
    this.resolve(new Response('', { status, headers }));
  }
}

export const FEATURES = [
  ...['errors', 'taken', 'revoked', 'refetch', 'identity', 'replaces'],
];

/** Rows and a DataSync service that do what a test says. */
export class ScriptedRows implements AsyncDisposable {
  /** How many requests there were. */
  asked = 0;
  private readonly opened: Live[] = [];
  private readonly requests: RowsRequest[] = [];
  private readonly waiting: ((request: RowsRequest) => void)[] = [];

  private constructor(
    readonly server: ScriptedServer,
    readonly snorky: Snorky<{ datasync: typeof DataSync }> & Disposable,
  ) {}

  static async start(options: SnorkyOptions = {}): Promise<ScriptedRows> {
    const server = await ScriptedServer.start();
    return new ScriptedRows(
      server,
      connect(server.url, { datasync: DataSync }, options),
    );
  }

  get datasync(): DataSync {
    return this.snorky.services.datasync;
  }

  /** The next connection, which has said hello. */
  async connection(features = FEATURES): Promise<ScriptedConnection> {
    const connection = await this.server.connection();
    connection.answer(await connection.hello(), { features });
    await inState(this.snorky, 'connected');
    return connection;
  }

  list(options: Partial<LiveListOptions<Row>> = {}): LiveCollection<Row> {
    const list = liveCollection<Row>(this.datasync, 'http://rows.test/rows', {
      model: 'Row',
      fetch: (_url, init) => this.receive(init),
      refetch: { minDelay: 1, maxDelay: 1 },
      ...options,
    });
    this.opened.push(list);
    return list;
  }

  /** The next request for rows. */
  request(): Promise<RowsRequest> {
    const request = this.requests.shift();
    if (request !== undefined) return Promise.resolve(request);
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** Waits for an acquisition of a token, and lets the client have it. */
  async acquired(
    connection: ScriptedConnection,
    token: string,
  ): Promise<ArrivedCall> {
    const call = await acquisition(connection, token);
    connection.answer(call, { recovered: true, position: token });
    return call;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const view of this.opened) view.close();
    this.snorky.disconnect();
    await this.server[Symbol.asyncDispose]();
  }

  private receive(init: RequestInit): Promise<Response> {
    this.asked++;
    const request = new RowsRequest(init);
    const waiting = this.waiting.shift();
    if (waiting === undefined) this.requests.push(request);
    else waiting(request);
    return request.answered;
  }
}

/** The next acquisition, which is one of this token; cancellations are let be. */
export async function acquisition(
  connection: ScriptedConnection,
  token: string,
): Promise<ArrivedCall> {
  for (;;) {
    const call = await connection.next();
    const { command, params } = call.message;
    if (command === 'cancelSubscription') continue;
    if (command !== 'acquireSubscription' || params['token'] !== token) {
      throw new Error(
        `Not an acquisition of ${token}: ${JSON.stringify(call)}`,
      );
    }
    return call;
  }
}

/** Waits until a live collection is in a state. */
export async function listIn(view: Live, state: Live['state']): Promise<void> {
  while (view.state !== state) await dispatched(view.changed);
}
