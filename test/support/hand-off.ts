import { once } from 'node:events';
import { WebSocket } from 'ws';
import {
  BroadcastDealer,
  DataSyncModule,
  DataSyncService,
  FilterDealer,
  MemoryBroker,
  SimpleDealer,
  SnorkyModule,
  type Broker,
  type DataSyncOptions,
  type Delta,
  type ItemRequest,
  type JsonValue,
} from 'snorky';
import { startApp, type RunningApp } from './app.js';
import { Random } from './random.js';

export interface HandOffOptions {
  readonly clients: number;
  /** Deltas a second of each of two publishers. */
  readonly rate: number;
  /** How long is published. */
  readonly seconds: number;
  /** Milliseconds between two rounds of cutting connections; 0: none is cut. */
  readonly cutEvery: number;
  /** Milliseconds that a client stays away at most. @default 20 */
  readonly away?: number;
  readonly seed: number;
  /** Of one node; of several, clients come to any. @default one in memory */
  readonly brokers?: readonly [Broker, ...Broker[]];
  /** What else goes wrong meanwhile, every 100 milliseconds. */
  readonly disturb?: () => void;
  readonly datasync?: DataSyncOptions;
}

export interface HandOffOutcome {
  readonly published: number;
  readonly delivered: number;
  /** Connections cut, also by the server because their client was slow. */
  readonly cuts: number;
  /** Times that a client went on where it was. */
  readonly resumed: number;
  /** Times that a client had to fetch, the first time aside. */
  readonly fetched: number;
  /** ... because a notification said so, on a connection that went on. */
  readonly told: number;
  /** Times that the broker lost what the service listens to. */
  readonly gaps: number;
  /** Clients whose rows are not those of the source. */
  readonly unequal: number;
  /** Whatever else must not happen. */
  readonly faults: readonly string[];
}

interface Row {
  readonly id: number;
  readonly group: number;
  readonly n: number;
}

class AllRows extends BroadcastDealer {
  readonly model = 'Row';
}

class RowsByGroup extends SimpleDealer<Row> {
  readonly model = 'Row';

  getKeyForModel({ group }: Row): number {
    return group;
  }
}

class FilteredRows extends FilterDealer<Row> {
  readonly model = 'Row';
}

const ROWS = 300;
const GROUPS = 20;

/** The database: what publishers change and clients query. */
class Source {
  readonly rows = new Map<number, Row>();
  changes = 0;

  constructor(private readonly random: Random) {}

  /** Changes one row, and says how. */
  change(): Delta<Row> {
    const { random } = this;
    const id = random.below(ROWS);
    const old = this.rows.get(id);
    const version = ++this.changes;
    const group =
      old !== undefined && random.chance(0.5)
        ? old.group
        : random.below(GROUPS);
    const row = { id, group, n: version };
    if (old === undefined) {
      this.rows.set(id, row);
      return { type: 'insert', model: 'Row', data: row, version };
    }
    if (random.chance(0.2)) {
      this.rows.delete(id);
      return { type: 'delete', model: 'Row', data: old, version };
    }
    this.rows.set(id, row);
    return {
      type: 'update',
      model: 'Row',
      newData: row,
      oldData: old,
      version,
    };
  }
}

/** What a client is to have. */
interface Interest {
  readonly items: readonly ItemRequest[];
  wants(row: Row): boolean;
}

function interestOf(client: number): Interest {
  const group = client % GROUPS;
  const next = (group + 1) % GROUPS;
  switch (client % 10) {
    case 0:
      return {
        items: [{ dealer: 'AllRows', query: null }],
        wants: () => true,
      };
    case 1:
    case 2:
    case 3: {
      const low = ROWS / 3;
      const query = ['and', ['>=', 'id', low], ['<', 'id', low + 30]];
      return {
        items: [{ dealer: 'FilteredRows', query }],
        wants: ({ id }) => id >= low && id < low + 30,
      };
    }
    case 4:
    case 5:
      return {
        items: [
          { dealer: 'RowsByGroup', query: group },
          { dealer: 'FilteredRows', query: ['==', 'group', next] },
        ],
        wants: (row) => row.group === group || row.group === next,
      };
    default:
      return {
        items: [{ dealer: 'RowsByGroup', query: group }],
        wants: (row) => row.group === group,
      };
  }
}

/** What happens in a run, for all clients together. */
class Tally {
  delivered = 0;
  cuts = 0;
  resumed = 0;
  fetched = 0;
  told = 0;
  readonly faults: string[] = [];
}

interface Context {
  readonly nodes: readonly {
    readonly url: string;
    readonly service: DataSyncService;
  }[];
  readonly source: Source;
  readonly broker: Broker;
  readonly tally: Tally;
}

interface Message {
  readonly type: string;
  readonly data?: {
    readonly recovered: boolean;
    readonly position: JsonValue;
  } | null;
  readonly message?: string;
  readonly delta?: Delta<Row>;
  readonly deltas?: readonly Delta<Row>[];
  readonly subscription?: string;
  readonly position?: JsonValue;
  readonly subscriptions?: readonly (string | undefined)[];
  readonly delay?: number;
}

type Answer = Message | 'cut';

/** One connection, as its client sees it. */
class Line {
  /** Up to where the log came here. */
  last: JsonValue | undefined;
  private answered: ((answer: Answer) => void) | undefined;
  private ended: () => void = () => {};
  readonly end: Promise<void>;
  isOver = false;

  constructor(
    readonly ws: WebSocket,
    private readonly hear: (message: Message) => void,
  ) {
    this.end = new Promise((resolve) => (this.ended = resolve));
    ws.on('message', (data: Buffer) => this.take(data.toString()));
    ws.on('close', () => this.cut());
    ws.on('error', () => this.cut());
  }

  call(service: string, command: string, params: object): Promise<Answer> {
    return new Promise((resolve) => {
      this.answered = resolve;
      const message = { command, params, callId: 1 };
      this.ws.send(JSON.stringify({ service, message }));
      void this.end.then(() => resolve('cut'));
    });
  }

  /** For the client it is over, whatever the server believes. */
  cut(): void {
    this.isOver = true;
    this.ended();
  }

  private take(text: string): void {
    const { message } = JSON.parse(text) as { message: Message };
    if (message.position !== undefined) this.last = message.position;
    // At once, answers too: what comes in the same chunk comes after them.
    this.hear(message);
    if (message.type === 'response' || message.type === 'error') {
      this.answered?.(message);
    }
  }
}

/** The number of the change, where the row has it. */
function numberIn(delta: Delta<Row>): number | undefined {
  if ('newData' in delta) return delta.newData.n;
  return delta.type === 'insert' ? delta.data.n : undefined;
}

/** A client with a collection that it keeps equal to its part of the source. */
class Watcher {
  readonly rows = new Map<number, Row>();
  private token: string | undefined;
  private position: JsonValue | undefined;
  /** The version of the last delta of this subscription. */
  private version = 0;
  private line: Line | undefined;
  /** Connections that the server may believe in. */
  private readonly halfOpen: Line[] = [];
  private readonly over: Line[] = [];
  private stopped = false;
  private running: Promise<void> = Promise.resolve();
  /** Goes on after a subscription that was live has ended. */
  private ended: (() => void) | undefined;

  /** @param listens Whether it asks to be told where rows have to be fetched. */
  constructor(
    private readonly context: Context,
    private readonly interest: Interest,
    private readonly resumes: boolean,
    private readonly listens: boolean,
    private readonly random: Random,
    private readonly away: number,
  ) {}

  start(): void {
    this.running = this.run();
  }

  get equal(): boolean {
    let wanted = 0;
    for (const row of this.context.source.rows.values()) {
      if (!this.interest.wants(row)) continue;
      wanted++;
      if (this.rows.get(row.id)?.n !== row.n) return false;
    }
    return wanted === this.rows.size;
  }

  /** Loses the connection, in one of several ways. */
  cut(): void {
    const { line } = this;
    if (line === undefined) return;
    this.line = undefined;
    const way = this.random.below(3);
    if (way === 0) line.ws.terminate();
    else if (way === 1) line.ws.close();
    else this.halfOpen.push(line);
    line.cut();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    for (const line of [this.line, ...this.halfOpen, ...this.over]) {
      line?.ws.terminate();
      line?.cut();
    }
    await this.running;
  }

  private async run(): Promise<void> {
    const { tally } = this.context;
    while (!this.stopped) {
      try {
        await this.session();
      } catch (error) {
        tally.faults.push(String(error));
        return;
      }
      if (this.stopped) return;
      tally.cuts++;
      await this.pause(this.away);
    }
  }

  private node(): Context['nodes'][number] {
    const { nodes } = this.context;
    const node = nodes[this.random.below(nodes.length)];
    return node as Context['nodes'][number];
  }

  private async session(): Promise<void> {
    const { url } = this.node();
    const ws = new WebSocket(url, { perMessageDeflate: false });
    const line: Line = new Line(ws, (message) => {
      if (this.line === line) this.apply(message);
    });
    this.line = line;
    await Promise.race([once(ws, 'open').catch(() => {}), line.end]);
    if (ws.readyState !== WebSocket.OPEN) return;
    const features = this.listens ? ['refetch', 'taken'] : ['taken'];
    if (this.resumes) await line.call('snorky', 'hello', { features });
    // The server may close it, also in the middle of an acquisition.
    while (this.line === line && !line.isOver) {
      if (this.token === undefined) await this.fetch();
      if (this.line !== line || this.stopped) return;
      const ended = new Promise<void>((resolve) => (this.ended = resolve));
      if (!(await this.acquire(line))) continue;
      // It may have ended already, right behind the answer.
      if (this.token !== undefined) await Promise.race([line.end, ended]);
    }
    if (this.line === line) this.line = undefined;
  }

  /** Its rows may be wrong, and nothing more comes of its subscription. */
  private end({ delay = 0 }: Message): void {
    const { tally } = this.context;
    tally.fetched++;
    tally.told++;
    this.token = undefined;
    const { ended } = this;
    setTimeout(() => ended?.(), delay);
  }

  /** Token, then query: as long as that takes, with changes all the time. */
  private async fetch(): Promise<void> {
    const { source } = this.context;
    const { service } = this.node();
    const { items, wants } = this.interest;
    const { token, data } = await service.snapshot(items, async () => {
      await this.pause(20);
      const rows = [...source.rows.values()].filter(wants);
      await this.pause(20);
      return rows;
    });
    this.rows.clear();
    for (const row of data) this.rows.set(row.id, row);
    this.token = token;
    this.position = undefined;
    this.version = 0;
  }

  /** Answers whether the subscription is live now. */
  private async acquire(line: Line): Promise<boolean> {
    const { tally } = this.context;
    const { token, position } = this;
    const answer = await line.call('datasync', 'acquireSubscription', {
      token,
      ...(this.resumes ? { resume: true } : {}),
      ...(position === undefined ? {} : { since: position }),
    });
    if (answer === 'cut' || this.line !== line) return false;
    if (answer.type === 'error') {
      // A token for one connection is gone with it, and others may expire.
      if (
        answer.message !== 'No such subscription' &&
        answer.message !== 'Subscription expired' &&
        answer.message !== 'Unavailable' &&
        answer.message !== 'Outcome unknown'
      ) {
        throw new Error(`Acquiring failed: ${String(answer.message)}`);
      }
      tally.fetched++;
      this.token = undefined;
      return false;
    }
    const resumption = answer.data;
    if (resumption === null || resumption === undefined) return true;
    if (!resumption.recovered) {
      tally.fetched++;
      this.token = undefined;
      return false;
    }
    if (position !== undefined) tally.resumed++;
    return true;
  }

  /** What is silenced has nothing of after the new connection was live. */
  private judgeOldLines(end: JsonValue): void {
    const { broker, nodes, tally } = this.context;
    // Another node hears of it a little later, or asks when it can again.
    if (nodes.length > 1) return;
    for (const old of this.halfOpen.splice(0)) {
      this.over.push(old);
      old.ws.removeAllListeners('message');
      old.ws.on('message', (data: Buffer) => {
        const { message } = JSON.parse(data.toString()) as { message: Message };
        const { position } = message;
        if (position === undefined) return;
        if ((broker.topics.compare(position, end) ?? 0) > 0) {
          tally.faults.push('A silenced connection got something new');
        }
      });
      if (old.last === undefined) continue;
      // Of a log that was lost in between, nothing can be said.
      if ((broker.topics.compare(old.last, end) ?? 0) > 0) {
        tally.faults.push('An old connection was ahead of the new one');
      }
    }
  }

  private apply(message: Message): void {
    const { tally } = this.context;
    if (message.type === 'error') return;
    if (message.type === 'refetch' || message.type === 'taken') {
      const { subscriptions = [message.subscription] } = message;
      const { token } = this;
      if (token !== undefined && subscriptions.includes(token)) {
        this.end(message);
      }
      return;
    }
    if (message.data?.recovered === true) {
      this.judgeOldLines(message.data.position);
      this.moveTo(message.data.position);
    }
    if (message.subscription !== undefined) {
      if (message.subscription !== this.token) {
        tally.faults.push(`A ${message.type} of another subscription`);
        return;
      }
      this.moveTo(message.position as JsonValue);
    }
    const deltas = message.delta ? [message.delta] : (message.deltas ?? []);
    if (deltas.length > 0 && this.token === undefined) {
      tally.faults.push('A delta came after the end of its subscription');
    }
    for (const delta of deltas) {
      tally.delivered++;
      this.judge(delta);
      if ('newData' in delta) this.rows.set(delta.newData.id, delta.newData);
      else if (delta.type === 'insert') {
        this.rows.set(delta.data.id, delta.data);
      } else this.rows.delete(delta.data.id);
    }
  }

  private moveTo(position: JsonValue): void {
    const { broker, tally } = this.context;
    const known = this.position;
    this.position = position;
    if (known === undefined) return;
    if ((broker.topics.compare(position, known) ?? -1) < 0) {
      const [from, to] = [known, position].map((one) => JSON.stringify(one));
      tally.faults.push(`A position went back, from ${from} to ${to}`);
    }
  }

  /** Each delta once, and in the order of the log. */
  private judge(delta: Delta<Row>): void {
    // The original’s notifications have no version, but new rows have a number.
    // That of the original’s notifications is in the row; a deleted row has its
    // last one.
    const version = delta.version ?? numberIn(delta);
    if (version === undefined) return;
    if (version <= this.version) {
      this.context.tally.faults.push(
        `Delta ${version} came after ${this.version}`,
      );
    }
    this.version = version;
  }

  private pause(most: number): Promise<void> {
    const delay = this.random.below(most);
    return new Promise((resolve) => setTimeout(resolve, delay));
  }
}

/** Publishes at a rate for a while, a few deltas in an entry. */
async function publish(
  { nodes, source }: Context,
  { rate, seconds }: HandOffOptions,
  random: Random,
): Promise<void> {
  const start = performance.now();
  const all = rate * seconds;
  let done = 0;
  while (done < all) {
    const due = Math.min(all, ((performance.now() - start) / 1000) * rate);
    while (done < due) {
      const deltas: Delta<Row>[] = [];
      for (let i = 1 + random.below(4); i > 0; i--)
        deltas.push(source.change());
      done += deltas.length;
      // Not awaited one by one: the order of the calls is that of the log, at one
      // node.
      void nodes[0]?.service.publishDeltas(deltas);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function cutNow(
  watchers: readonly Watcher[],
  every: number,
  random: Random,
): Promise<void> {
  await Promise.all(
    watchers
      .filter(() => random.chance(0.5))
      .map(async (watcher) => {
        await new Promise((resolve) =>
          setTimeout(resolve, random.below(every)),
        );
        watcher.cut();
      }),
  );
}

/** An application on each broker. */
async function startNodes(
  brokers: readonly Broker[],
  datasync: DataSyncOptions,
): Promise<AsyncDisposable & Pick<Context, 'nodes'>> {
  const apps: RunningApp[] = [];
  for (const broker of brokers) {
    apps.push(
      await startApp({
        imports: [
          SnorkyModule.forRoot({
            broker,
            registries: { frontend: { websocket: { path: '/ws' } } },
          }),
          DataSyncModule.register({
            dealers: [AllRows, RowsByGroup, FilteredRows],
            ...datasync,
          }),
        ],
      }),
    );
  }
  return {
    nodes: apps.map(({ ws, app }) => {
      return { url: `${ws}/ws`, service: app.get(DataSyncService) };
    }),
    async [Symbol.asyncDispose]() {
      for (const app of apps) await app[Symbol.asyncDispose]();
    },
  };
}

/**
 * Clients authorize, query and acquire while two publishers change the same
 * rows, and connections are cut. In the end every client has to have its part
 * of the source.
 */
export async function handOff(
  options: HandOffOptions,
): Promise<HandOffOutcome> {
  const { clients, cutEvery, seed, datasync = {} } = options;
  const random = new Random(seed);
  const { brokers = [new MemoryBroker()], disturb = () => {} } = options;
  await using started = await startNodes(brokers, datasync);
  const { nodes } = started;
  const context: Context = {
    nodes,
    source: new Source(random),
    broker: brokers[0],
    tally: new Tally(),
  };
  const { tally, source } = context;
  const watchers = Array.from({ length: clients }, (_, n) => {
    const resumes = cutEvery > 0 || n % 2 === 0;
    return new Watcher(
      context,
      interestOf(n),
      resumes,
      n % 3 === 0,
      new Random(random.below(2 ** 31)),
      options.away ?? 20,
    );
  });
  const end = new AbortController();
  const publishing = Promise.all(
    [1, 2].map(() =>
      publish(context, options, new Random(random.below(2 ** 31))),
    ),
  ).then(() => end.abort());
  for (const watcher of watchers) watcher.start();
  const disturbing = setInterval(disturb, 100);
  if (cutEvery > 0) {
    while (!end.signal.aborted) {
      await cutNow(watchers, cutEvery, random);
    }
  }
  await publishing;
  clearInterval(disturbing);
  const late = performance.now() + 10_000;
  while (performance.now() < late && watchers.some(({ equal }) => !equal)) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const unequal = watchers.filter(({ equal }) => !equal).length;
  await Promise.all(watchers.map((watcher) => watcher.stop()));
  const { delivered, cuts, resumed, fetched, told, faults } = tally;
  const published = source.changes;
  let gaps = 0;
  for (const { service } of nodes) gaps += service.registry.counters.gaps;
  return {
    published,
    delivered,
    cuts,
    resumed,
    fetched,
    told,
    gaps,
    unequal,
    faults,
  };
}
