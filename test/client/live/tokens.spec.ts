import { describe, expect, it, jest } from '@jest/globals';
import {
  Controller,
  Get,
  Inject,
  Injectable,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import {
  BroadcastDealer,
  Client,
  ConnectedClient,
  DataSyncModule,
  DataSyncService,
  RpcCommand,
  RpcParam,
  SnorkyGateway,
  SnorkyModule,
  SnorkyService,
  Subscribable,
  type UpgradeRequest,
} from 'snorky';
import {
  DataSync,
  liveCollection,
  RPCService,
  type Fetch,
  type Live,
  type LiveCollection,
  type Snorky,
} from 'snorky/client';
import { startApp, type RunningApp } from '../../support/servers/app.js';
import { connect, dispatched } from '../support/client.js';
import { listIn } from '../support/scripted-rows.js';

interface Task {
  readonly id: number;
}

class AllTasks extends BroadcastDealer<Task> {
  readonly model = 'Task';
}

/** A guard that takes the name in a header for the user. */
@Injectable()
class Named implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<{
      readonly headers: Readonly<Record<string, string>>;
      user?: { readonly id: string };
    }>();
    const { user } = request.headers;
    if (user === 'nobody') return false;
    if (user !== undefined) request.user = { id: user };
    return true;
  }
}

let lasts: number | undefined;

@Controller('tasks')
@UseGuards(Named)
class Tasks {
  readonly rows: Task[] = [];
  fetched = 0;

  constructor(@Inject(DataSyncService) readonly datasync: DataSyncService) {}

  @Get()
  @Subscribable(AllTasks, null, {
    expiresAt: () => (lasts === undefined ? undefined : Date.now() + lasts),
  })
  list(): Task[] {
    this.fetched++;
    return this.rows;
  }

  add(id: number): void {
    this.rows.push({ id });
    const delta = { type: 'insert', model: 'Task', data: { id } } as const;
    void this.datasync.publishDeltas([delta]);
  }
}

@SnorkyGateway('frontend')
class Gateway {
  identify({ url, user }: UpgradeRequest): string | null {
    // A route's request has a user, that of a connection has a query.
    const asked = user as { readonly id: string } | undefined;
    return asked?.id ?? new URL(url ?? '', 'ws://x').searchParams.get('user');
  }
}

@SnorkyService('session')
class Session {
  @RpcCommand()
  logIn(
    @RpcParam('user') user: string,
    @ConnectedClient() client: Client,
  ): void {
    client.identity = user;
  }
}

const services = { datasync: DataSync, session: RPCService };

interface Page {
  readonly snorky: Snorky<typeof services>;
  user: string;
  list(fetch?: Fetch): LiveCollection<Task>;
}

/** An application with pages, each with a user of its own. */
class Site implements AsyncDisposable {
  private readonly pages: { [Symbol.dispose](): void }[] = [];
  private readonly lists: Live[] = [];

  private constructor(
    private readonly running: RunningApp,
    readonly tasks: Tasks,
  ) {}

  static async start(): Promise<Site> {
    const running = await startApp({
      imports: [
        SnorkyModule.forRoot({
          registries: { frontend: { websocket: { path: '/ws' } } },
        }),
        DataSyncModule.register({ dealers: [AllTasks] }),
      ],
      controllers: [Tasks],
      providers: [Gateway, Session],
    });
    return new Site(running, running.app.get(Tasks));
  }

  open(user: string, socketUser?: () => string): Page {
    const snorky = connect(
      () => `${this.running.ws}/ws?user=${socketUser?.() ?? page.user}`,
      services,
    );
    this.pages.push(snorky);
    const page: Page = {
      snorky,
      user,
      list: (given) => {
        const list = liveCollection<Task>(
          snorky.services.datasync,
          `${this.running.http}/tasks`,
          {
            model: 'Task',
            refetch: { minDelay: 1, maxDelay: 1 },
            request: () => ({ headers: { User: page.user } }),
            ...(given === undefined ? {} : { fetch: given }),
          },
        );
        this.lists.push(list);
        return list;
      },
    };
    return page;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const list of this.lists) list.close();
    for (const page of this.pages) page[Symbol.dispose]();
    await this.running[Symbol.asyncDispose]();
  }
}

const ids = (list: LiveCollection<Task>): number[] =>
  list.items.map(({ id }) => id);

async function until(list: Live, holds: () => boolean): Promise<void> {
  while (!holds()) await dispatched(list.changed);
}

describe('a live list, with the server of this version', () => {
  it('goes on through many renewals, with each change once', async () => {
    lasts = 2000;
    try {
      await using site = await Site.start();
      const renewals: unknown[] = [];
      const list = site.open('alice').list((url, init) => {
        if (new Headers(init.headers).get('X-Snorky') === 'Renew') {
          renewals.push(url);
        }
        return fetch(url, init);
      });
      await list.ready;
      const states = new Set<string>();
      list.changed.add(() => states.add(list.state));
      let id = 0;
      // The last one is answered after the first has been used.
      while (renewals.length < 2) {
        site.tasks.add(++id);
        await until(list, () => list.items.length === id);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      expect(ids(list)).toEqual(Array.from({ length: id }, (_, i) => i + 1));
      expect([...states]).toEqual(['live']);
      // The list has lived for several times the length of a subscription.
      expect(site.tasks.fetched).toBe(1);
    } finally {
      lasts = undefined;
    }
  });

  it('is not live after it was revoked, and has failed where the route refuses', async () => {
    const errors = jest.spyOn(console, 'error').mockImplementation(() => {});
    try {
      await using site = await Site.start();
      const [mine, other] = [site.open('alice'), site.open('bob')];
      const [list, others] = [mine.list(), other.list()];
      await Promise.all([list.ready, others.ready]);
      mine.user = 'nobody';
      await site.tasks.datasync.revoke({ identity: 'alice' });
      site.tasks.add(1);
      await listIn(list, 'failed');
      expect(list.error).toMatchObject({ code: 'SNORKY_FETCH_FAILED' });
      expect(ids(list)).toEqual([]);
      await until(others, () => others.items.length === 1);
      expect(others.state).toBe('live');
    } finally {
      errors.mockRestore();
    }
  });

  it('fetches as who has logged in by a command', async () => {
    await using site = await Site.start();
    const page = site.open('alice');
    const list = page.list();
    await list.ready;
    page.user = 'bob';
    await page.snorky.services.session.rpcCall('logIn', { user: 'bob' });
    expect(list.state).toBe('stale');
    await listIn(list, 'live');
    expect(site.tasks.fetched).toBe(2);
    site.tasks.add(1);
    await until(list, () => list.items.length === 1);
  });

  it('waits for its connection where the page has logged in by REST', async () => {
    await using site = await Site.start();
    let socketUser = 'anonymous';
    const page = site.open('alice', () => socketUser);
    const list = page.list();
    await listIn(list, 'mismatched');
    expect(site.tasks.fetched).toBe(1);
    socketUser = 'alice';
    page.snorky.disconnect();
    page.snorky.connect();
    await listIn(list, 'live');
    expect(site.tasks.fetched).toBe(2);
    site.tasks.add(1);
    await until(list, () => list.items.length === 1);
  });

  it('fetches as who has logged in before the connection was made again', async () => {
    await using site = await Site.start();
    const page = site.open('alice');
    const list = page.list();
    await list.ready;
    page.snorky.disconnect();
    page.user = 'bob';
    page.snorky.connect();
    const states: string[] = [];
    list.changed.add(() => states.push(list.state));
    await listIn(list, 'live');
    expect(states).not.toContain('mismatched');
    expect(site.tasks.fetched).toBe(2);
    site.tasks.add(1);
    await until(list, () => list.items.length === 1);
  });

  it('does not share a cached token with another page', async () => {
    const errors = jest.spyOn(console, 'error').mockImplementation(() => {});
    try {
      await using site = await Site.start();
      let cached: { headers: Headers; body: string } | undefined;
      const caching: Fetch = async (url, init) => {
        if (cached === undefined) {
          const response = await fetch(url, init);
          cached = { headers: response.headers, body: await response.text() };
        }
        return new Response(cached.body, cached);
      };
      const [one, other] = [site.open('alice'), site.open('alice')];
      const first = one.list(caching);
      await first.ready;
      const second = other.list(caching);
      await second.ready;
      await listIn(first, 'failed');
      expect(first.error).toMatchObject({ code: 'SNORKY_TOKEN_TAKEN' });
      site.tasks.add(1);
      await until(second, () => second.items.length === 1);
      expect(site.tasks.fetched).toBe(1);
    } finally {
      errors.mockRestore();
    }
  });

  it('fetches after a while where everybody is to', async () => {
    await using site = await Site.start();
    const list = site.open('alice').list();
    await list.ready;
    site.tasks.rows.push({ id: 7 });
    await site.tasks.datasync.invalidate(['Task']);
    await listIn(list, 'stale');
    await listIn(list, 'live');
    expect(ids(list)).toEqual([7]);
  });
});
