import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  BadRequestException,
  Controller,
  Get,
  Injectable,
  UnauthorizedException,
  UseGuards,
  UsePipes,
  ValidationPipe,
  type CanActivate,
  type ExecutionContext,
  type LoggerService,
  type PipeTransform,
} from '@nestjs/common';
import { IsInt, Length, MaxLength } from 'class-validator';
import {
  BroadcastDealer,
  ConnectedClient,
  CurrentRequest,
  DataSyncModule,
  PubSubModule,
  RpcCommand,
  RpcError,
  RpcParam,
  Service,
  SnorkyGateway,
  SnorkyModule,
  SnorkyService,
  Subscribable,
  type Client,
  type IdentifiesClient,
  type JsonValue,
  type RpcRequest,
  type StandardSchema,
  type UpgradeRequest,
  type UpgradeResponse,
} from 'snorky';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { startApp, type RunningApp } from '../support/servers/app.js';
import { send } from '../support/sockets/http.js';
import { refusal, TestSocket } from '../support/sockets/socket.js';

/** Sent where the log may not show it at any level. */
const SECRET = 'c4n4ry-s3cr3t-0451';
/** Sent elsewhere: for level `debug` alone. */
const PLAIN = 'c4n4ry-pl41n-1984';

/** Keeps all that is logged, by level. */
class WholeLog implements LoggerService {
  readonly lines: { readonly level: string; readonly text: string }[] = [];
  readonly log = this.at('log');
  readonly fatal = this.at('fatal');
  readonly error = this.at('error');
  readonly warn = this.at('warn');
  readonly debug = this.at('debug');
  readonly verbose = this.at('verbose');

  private at(level: string): (...what: unknown[]) => void {
    return (...what) => {
      for (const one of what) this.lines.push({ level, text: String(one) });
    };
  }
}

class LogIn {
  // A custom text may have the value in it.
  @Length(30, 40, { message: 'what was $value?' })
  password!: string;

  @MaxLength(10, { message: 'a name, not $value' })
  name!: string;
}

class Amount {
  @IsInt({ message: '$value is no amount' })
  amount!: number;
}

/** As Valibot and ArkType do, quotes what it refuses. */
const quoting: StandardSchema = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) => ({
      issues: [{ message: `received ${JSON.stringify(value)}`, path: ['a'] }],
    }),
  },
};

@Injectable()
class QuotingPipe implements PipeTransform {
  transform(value: unknown): never {
    throw new BadRequestException(`cannot use ${JSON.stringify(value)}`);
  }
}

@SnorkyService('auth')
class Auth {
  @RpcCommand({ unchecked: true })
  fail(_params: unknown): never {
    throw new Error('The database is down');
  }

  @RpcCommand({ unchecked: true })
  async failLater(_params: unknown): Promise<never> {
    await Promise.resolve();
    throw new Error('The database is down', { cause: { hidden: SECRET } });
  }

  @RpcCommand({ unchecked: true })
  throwParams(params: unknown): never {
    // oxlint-disable-next-line typescript/only-throw-error
    throw params;
  }

  @RpcCommand({ unchecked: true })
  throwList({ password }: { password: string }): never {
    // oxlint-disable-next-line typescript/only-throw-error
    throw [password];
  }

  @RpcCommand({ unchecked: true })
  answer(params: { password: string }): never {
    throw new RpcError({ told: params.password });
  }

  @RpcCommand({ unchecked: true })
  returnMore(_params: unknown): unknown {
    return { n: 4111111111111111n, password: SECRET };
  }

  @RpcCommand({ unchecked: true })
  twice(_params: unknown, request: RpcRequest): string {
    request.reply('first');
    return 'second';
  }

  @RpcCommand()
  logIn(_params: LogIn): void {}

  @RpcCommand()
  pay(@RpcParam('amount') _amount: Amount): void {}

  @RpcCommand({ params: quoting })
  schema(_params: unknown): void {}

  @RpcCommand()
  piped(@RpcParam('password', QuotingPipe) _password: string): void {}

  @RpcCommand()
  pipedPlain(@RpcParam('text', QuotingPipe) _text: string): void {}

  @RpcCommand()
  @UsePipes(new ValidationPipe())
  validated(@RpcParam('order', new ValidationPipe()) _order: LogIn): void {}

  @RpcCommand()
  named(@RpcParam('n') _n: number): void {}

  @RpcCommand()
  closes(
    @RpcParam('reason') reason: string,
    @ConnectedClient() client: Client,
    @CurrentRequest() _request: RpcRequest,
  ): void {
    client.identity = reason;
  }
}

@SnorkyService('raw')
class Raw extends Service {
  processMessageFrom(_client: Client, _message: JsonValue): void {
    throw new Error('raw');
  }
}

class AllTasks extends BroadcastDealer {
  readonly model = 'Task';
}

class TicketGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    const { query } = http.getRequest<UpgradeRequest>();
    http.getResponse<UpgradeResponse>().cookie('session', SECRET);
    if (query['fail'] !== undefined) throw new Error('The guard is broken');
    if (query['ticket'] === undefined) throw new UnauthorizedException('No');
    return true;
  }
}

@SnorkyGateway('frontend')
@UseGuards(TicketGuard)
class FrontendGateway implements IdentifiesClient {
  identify(request: UpgradeRequest): JsonValue {
    return request.query['ticket'] === 'none' ? null : 'somebody';
  }
}

@Controller('tasks')
class TasksController {
  @Get()
  @Subscribable(AllTasks)
  list(): object[] {
    return [];
  }
}

describe('A secret', () => {
  const log = new WholeLog();
  let app: RunningApp;
  let tasks: string;

  beforeAll(async () => {
    const frontend = { websocket: { path: '/ws' } };
    const backend = { http: { path: '/backend', key: `key-${SECRET}` } };
    app = await startApp(
      {
        imports: [
          SnorkyModule.forRoot({
            registries: { frontend, backend },
            log: { lines: 1000 },
          }),
          DataSyncModule.register({ dealers: [AllTasks] }),
          PubSubModule.register(),
        ],
        controllers: [TasksController],
        providers: [Auth, Raw, FrontendGateway, QuotingPipe],
      },
      (made) => made.useLogger(log),
    );
    tasks = `${app.http}/tasks`;
    await everyDoor();
  });
  afterAll(async () => {
    await app[Symbol.asyncDispose]();
  });

  async function everyDoor(): Promise<void> {
    const url = `${app.ws}/ws?ticket=${SECRET}`;
    const headers = {
      Authorization: `Bearer ${SECRET}`,
      Cookie: `session=${SECRET}`,
      'X-Forwarded-For': SECRET,
    };
    await using socket = await TestSocket.connect(url, { headers });
    const secrets: Record<string, JsonValue>[] = [
      { password: SECRET, name: PLAIN },
      { user: [{ apiKey: { value: SECRET } }], name: PLAIN },
      { text: JSON.stringify({ token: SECRET }), name: PLAIN },
    ];
    const commands = [
      'fail',
      'failLater',
      'throwParams',
      'throwList',
      'answer',
      'returnMore',
      'twice',
      'logIn',
      'pay',
      'schema',
      'piped',
      'pipedPlain',
      'validated',
      'named',
      'closes',
      `unknown-${PLAIN}`,
    ];
    for (const command of commands) {
      for (const params of secrets) {
        await socket.call('auth', command, params);
        await socket.call('auth', command, { amount: params, n: params });
        await socket.call('auth', command, { password: SECRET });
        await socket.call('auth', command, { order: params, text: params });
      }
      await socket.call('auth', command, {
        name: PLAIN,
        text: PLAIN,
        amount: { amount: PLAIN },
      });
    }
    await socket.call('auth', 'pay', { amount: { amount: PLAIN } });
    await socket.call('auth', 'schema', { a: PLAIN });
    await socket.call('auth', 'pipedPlain', { text: PLAIN });
    for (const text of [
      `{"service":"auth","message":{"params":{"password":"${SECRET}"}`,
      `{'password': '${SECRET}'}`,
      `password=${SECRET}`,
      SECRET,
      `"${JSON.stringify({ password: SECRET }).replaceAll('"', '\\"')}"`,
      JSON.stringify({ password: SECRET, text: PLAIN }),
      JSON.stringify([{ token: SECRET, text: PLAIN }]),
      JSON.stringify({ service: `unknown-${PLAIN}`, message: SECRET }),
      JSON.stringify({ service: { password: SECRET, a: PLAIN }, message: 1 }),
      JSON.stringify({ service: 'auth', message: { password: SECRET } }),
      JSON.stringify({ service: 'auth', message: PLAIN }),
      JSON.stringify({ service: 'raw', message: { password: SECRET } }),
      `${'['.repeat(1500)}"${SECRET}"${']'.repeat(1500)}`,
    ]) {
      socket.ws.send(text);
    }
    const subscribe = { 'X-Snorky': 'Subscribe' };
    const { headers: given } = await send(tasks, {
      method: 'GET',
      headers: subscribe,
    });
    const token = String(given['x-subscription-token']);
    for (const params of [{ token }, { token }, { token: SECRET }]) {
      await socket.call('datasync', 'acquireSubscription', params);
    }
    await socket.call('pubsub', 'publish', { channel: PLAIN, message: SECRET });

    await refusal(`${app.ws}/ws?secret=${SECRET}`, { headers });
    await refusal(`${app.ws}/ws?fail&secret=${SECRET}`, { headers });
    await refusal(`${app.ws}/ws?ticket=${SECRET}`, {
      headers: { Origin: `http://ann:${SECRET}@a.example/?a=${SECRET}` },
    });
    const offer = new WebSocket(url, ['snorky', `bearer.${SECRET}`]);
    await once(offer, 'error');
    await refusal(`${app.ws}/unknown?ticket=${SECRET}`, { headers });
    await send(`${app.http}/ws?ticket=${SECRET}`, { headers });

    const backend = `${app.http}/backend?ticket=${SECRET}`;
    const key = { 'X-Backend-Key': `key-${SECRET}` };
    await send(backend, { headers: { 'X-Backend-Key': SECRET } });
    for (const body of [
      `{"password":"${SECRET}`,
      `{"password":"${SECRET}"}`,
      JSON.stringify({ service: PLAIN, message: { password: SECRET } }),
      JSON.stringify({
        service: 'datasync_backend',
        message: { command: 'publishDeltas', params: { password: SECRET } },
      }),
      JSON.stringify({
        service: 'datasync_backend',
        message: {
          command: 'publishDeltas',
          params: {
            deltas: [
              { type: 'insert', model: 'Task', data: { secret: SECRET } },
            ],
          },
        },
      }),
      JSON.stringify({
        service: 'datasync_backend',
        message: {
          command: 'authorizeSubscription',
          params: { items: [{ dealer: SECRET, query: SECRET }] },
        },
      }),
    ]) {
      await send(backend, { headers: key, body });
    }
    await socket.call('auth', 'named', { n: 1 });
  }

  const shownAt = (
    canary: string,
    above: boolean,
  ): { level: string; text: string }[] =>
    log.lines.filter(
      ({ level, text }) =>
        (level !== 'debug') === above && text.includes(canary),
    );

  it('is in no line above level debug, and no other parameter is', () => {
    expect(shownAt(SECRET, true)).toEqual([]);
    expect(shownAt(PLAIN, true)).toEqual([]);
    expect(shownAt('4111111111111111', true)).toEqual([]);
  });

  it('is in no line of level debug either', () => {
    expect(shownAt(SECRET, false)).toEqual([]);
  });

  it('leaves the rest to be seen at level debug', () => {
    const texts = shownAt(PLAIN, false).map(({ text }) => text);
    for (const start of [
      'Failed: auth.fail(',
      'Failed: auth.throwParams(',
      'Failed: auth.returnMore(',
      'Resolved twice: auth.twice(',
      'Invalid params, amount.amount: c4n4ry',
      'Invalid params, a: received {',
      'Invalid params, text: cannot use "c4n4ry',
      'Discarded: {"password": [redacted], "text": "c4n4ry',
      'Discarded: service "unknown-c4n4ry',
      'Discarded: service {"a": "c4n4ry',
      'Discarded: "c4n4ry',
    ]) {
      expect(texts).toContainEqual(expect.stringMatching(startOf(start)));
    }
    const others = shownAt('', false).map(({ text }) => text);
    for (const start of [
      'Refused an upgrade of /ws (no origin): 401 No',
      'Refused an upgrade of /ws (http://a.example/): 403 ',
      'Selected none of 2 subprotocols',
    ]) {
      expect(others).toContainEqual(expect.stringMatching(startOf(start)));
    }
  });

  it('leaves what went wrong to be seen at any level', () => {
    const texts = log.lines
      .filter(({ level }) => level === 'error' || level === 'warn')
      .map(({ text }) => text);
    for (const start of [
      'Command failed: auth.fail',
      'Error: The database is down',
      'Command failed: auth.throwParams: an object',
      'Command failed: auth.returnMore',
      'Ignored a second resolution (reply) of auth.twice: ',
      'Service "raw" failed to process a message',
      'An upgrade request failed',
      'Error: The guard is broken',
      'Discarded a message to "frontend" from 127.0.0.1: The message is not valid JSON',
      'Discarded a message to "frontend" from 127.0.0.1: There is no such service',
    ]) {
      expect(texts).toContainEqual(expect.stringMatching(startOf(start)));
    }
  });

  it('is in lines of at most 2 KiB, of which each is one', () => {
    for (const { text } of log.lines) {
      if (!/^\w*Error: /.test(text)) expect(text).not.toContain('\n');
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(8192);
    }
  });
});

function startOf(text: string): RegExp {
  return new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`);
}
