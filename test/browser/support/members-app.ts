import {
  Body,
  Controller,
  Get,
  Header,
  Inject,
  Injectable,
  Post,
  Req,
  Res,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  Client,
  ConnectedClient,
  DataSyncModule,
  DataSyncService,
  InjectRegistry,
  RpcCommand,
  RpcParam,
  ServiceRegistry,
  SimpleDealer,
  SnorkyGateway,
  SnorkyModule,
  SnorkyService,
  Subscribable,
  type IdentifiesClient,
  type JsonValue,
  type UpgradeRequest,
} from 'snorky';
import { startApp, type RunningApp } from '../../support/servers/app.js';
import { PAGE, WORKER } from './members-page.js';

export interface Note {
  readonly id: number;
  /** The member that it belongs to; null for everybody. */
  readonly owner: string | null;
}

interface Asking {
  readonly headers: { readonly cookie?: string | undefined };
  user?: { readonly id: string };
}

interface Answering {
  setHeader(name: string, value: string): void;
}

class NotesOf extends SimpleDealer<Note> {
  readonly model = 'Note';
  getKeyForModel({ owner }: Note): JsonValue {
    return owner;
  }
}

/** Who is logged in, by the value of a cookie. */
@Injectable()
class Sessions {
  private readonly users = new Map<string, string>();
  private last = 0;

  begin(user: string): string {
    const session = `s${++this.last}`;
    this.users.set(session, user);
    return session;
  }

  end(cookie: string | undefined): void {
    this.users.delete(sessionOf(cookie));
  }

  userOf(cookie: string | undefined): string | undefined {
    return this.users.get(sessionOf(cookie));
  }
}

function sessionOf(cookie = ''): string {
  return /(?:^|; )session=(\w+)/.exec(cookie)?.[1] ?? '';
}

/** Knows members by their cookie, and lets visitors in. */
@Injectable()
class Recognized implements CanActivate {
  constructor(@Inject(Sessions) private readonly sessions: Sessions) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<Asking>();
    const id = this.sessions.userOf(request.headers.cookie);
    if (id !== undefined) request.user = { id };
    return true;
  }
}

@SnorkyGateway('frontend')
@UseGuards(Recognized)
class Gateway implements IdentifiesClient {
  identify({ user }: UpgradeRequest): string | null {
    return (user as Asking['user'])?.id ?? null;
  }
}

/** The service, which counts how often somebody came with a token. */
class CountingDataSync extends DataSyncService {
  readonly counted = { acquisitions: 0 };

  override processMessageFrom(client: Client, message: JsonValue): void {
    const { command } = message as { readonly command?: unknown };
    if (command === 'acquireSubscription') this.counted.acquisitions++;
    super.processMessageFrom(client, message);
  }
}

/** The table, and how often it was asked for. */
@Injectable()
export class Notes {
  private rows: Note[] = [];
  fetched = 0;

  constructor(
    @Inject(DataSyncService) private readonly datasync: CountingDataSync,
  ) {}

  get acquisitions(): number {
    return this.datasync.counted.acquisitions;
  }

  /** Begins a story with no row, and with nothing counted. */
  begin(): void {
    this.rows = [];
    this.fetched = 0;
    this.datasync.counted.acquisitions = 0;
  }

  of(owner: string | null): Note[] {
    this.fetched++;
    return this.rows.filter((note) => note.owner === owner);
  }

  async add(id: number, owner: string | null): Promise<void> {
    this.rows.push({ id, owner });
    await this.datasync.publishDeltas([
      { type: 'insert', model: 'Note', data: { id, owner } },
    ]);
  }
}

@Controller('notes')
@UseGuards(Recognized)
class NotesController {
  constructor(@Inject(Notes) private readonly notes: Notes) {}

  @Get()
  @Subscribable<Asking>(NotesOf, ({ user }) => user?.id ?? null)
  list(@Req() { user }: Asking): Note[] {
    return this.notes.of(user?.id ?? null);
  }
}

@Controller('session')
class SessionController {
  constructor(
    @Inject(Sessions) private readonly sessions: Sessions,
    @InjectRegistry('frontend') private readonly registry: ServiceRegistry,
  ) {}

  @Post('log-in')
  logIn(
    @Body('user') user: string,
    @Res({ passthrough: true }) response: Answering,
  ): void {
    const session = this.sessions.begin(user);
    const cookie = `session=${session}; Path=/; HttpOnly; SameSite=Strict`;
    response.setHeader('Set-Cookie', cookie);
  }

  /** Ends the session, and tells the connections that it was theirs. */
  @Post('log-out')
  logOut(@Req() { headers: { cookie } }: Asking): void {
    const user = this.sessions.userOf(cookie);
    this.sessions.end(cookie);
    if (user === undefined) return;
    for (const client of this.registry.clientsOf(user)) client.identity = null;
  }
}

@SnorkyService('account')
class Account {
  @RpcCommand()
  logIn(
    @RpcParam('user') user: string,
    @ConnectedClient() client: Client,
  ): void {
    client.identity = user;
  }

  @RpcCommand()
  whoAmI(@ConnectedClient() client: Client): JsonValue {
    return client.identity;
  }
}

/** Serves the page, its service worker, and the browser file. */
function pageController(browserFiles: string): new () => object {
  @Controller()
  class PageController {
    @Get()
    @Header('Content-Type', 'text/html; charset=utf-8')
    page(): string {
      return PAGE;
    }

    @Get('worker.js')
    @Header('Content-Type', 'text/javascript; charset=utf-8')
    worker(): string {
      return WORKER;
    }

    @Get('snorky.js')
    @Header('Content-Type', 'text/javascript; charset=utf-8')
    script(): Promise<string> {
      return readFile(join(browserFiles, 'snorky.js'), 'utf8');
    }
  }
  return PageController;
}

/** An application with members, who have notes of their own. */
export interface MembersApp extends RunningApp {
  readonly notes: Notes;
}

export async function startMembersApp(
  browserFiles: string,
): Promise<MembersApp> {
  const running = await startApp({
    imports: [
      SnorkyModule.forRoot({
        registries: { frontend: { websocket: { path: '/ws' } } },
      }),
      DataSyncModule.register({
        service: CountingDataSync,
        dealers: [NotesOf],
      }),
    ],
    controllers: [
      NotesController,
      SessionController,
      pageController(browserFiles),
    ],
    providers: [Notes, Sessions, Recognized, Gateway, Account],
  });
  return { ...running, notes: running.app.get(Notes) };
}
