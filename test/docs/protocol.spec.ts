import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { BroadcastDealer, DataSyncModule, SnorkyModule } from 'snorky';
import { callBackend, connectClient, type TestClient } from 'snorky/testing';
import { MessageFault } from '../../src/protocol/envelope.js';
import {
  CloseCode,
  CloseReason,
  type CloseCause,
} from '../../src/protocol/close-codes.js';
import { WireError } from '../../src/protocol/errors.js';
import type { JsonObject, JsonValue } from '../../src/protocol/json.js';
import { MAX_NESTING } from '../../src/protocol/limits.js';
import { pubSubSettings } from '../../src/services/pubsub/pubsub-options.js';
import { dataSyncSettings } from '../../src/services/datasync/datasync-options.js';
import {
  DEFAULT_FILTER_LIMITS,
  parseFilter,
} from '../../src/services/datasync/filter/parse.js';
import { webSocketSettings } from '../../src/transports/websocket/websocket-options.js';
import { LIFE_EVENTS, lifeTable } from './life-tables.js';

const path = fileURLToPath(new URL('../../docs/protocol.md', import.meta.url));
const lines = readFileSync(path, 'utf8').split('\n');

/** A table: per row, what is in each column. */
type Table = readonly Readonly<Record<string, string>>[];

function cells(line: string): string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}

/** The lines of a table, from its head on. */
function tableAt(start: number): Table {
  const head = cells(lines[start] ?? '');
  const rows: Record<string, string>[] = [];
  for (let i = start + 2; lines[i]?.startsWith('|'); i++) {
    const row = cells(lines[i] as string);
    rows.push(
      Object.fromEntries(head.map((name, j) => [plain(name), row[j] ?? ''])),
    );
  }
  return rows;
}

const tables = lines.flatMap((line, i) =>
  line.startsWith('|') && !lines[i - 1]?.startsWith('|') ? [tableAt(i)] : [],
);

/** The only tables with these columns. */
function tablesWith(...columns: string[]): Table[] {
  const found = tables.filter((table) =>
    columns.every((column) => column in (table[0] ?? {})),
  );
  expect(found).not.toHaveLength(0);
  return found;
}

function tableWith(...columns: string[]): Table {
  const found = tablesWith(...columns);
  expect(found).toHaveLength(1);
  return found[0] as Table;
}

/** A cell without the marks of code. */
function plain(cell: string): string {
  return cell.replaceAll('`', '');
}

/** All that a cell has as code. */
function codes(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code as string);
}

/** The lines of a section, up to the next one. */
function section(title: string): string[] {
  const start = lines.findIndex(
    (line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === title,
  );
  expect(start).not.toBe(-1);
  const end = lines.findIndex((line, i) => i > start && /^#+ /.test(line));
  return lines.slice(start + 1, end === -1 ? undefined : end);
}

describe("The protocol's page", () => {
  it.each(['once', 'resumable'] as const)(
    'has all that can happen to a subscription in mode %s',
    (mode) => {
      const start = lines.indexOf(`#### Mode ${mode}`);
      const first = lines.findIndex(
        (line, i) => i > start && line.startsWith('|'),
      );
      const documented = tableAt(first).map((row) => Object.values(row));
      // To write it anew, take the rows that this prints when it fails.
      expect(documented).toEqual(lifeTable(mode));
    },
  );

  it('explains each state and each event', () => {
    const explained = (table: Table, column: string): string[] =>
      table.map((row) => plain(row[column] ?? ''));
    const states = [
      ...new Set(lifeTable('resumable').flatMap(([from, , to]) => [from, to])),
    ];
    expect(
      explained(tableWith('State', 'Meaning'), 'State').toSorted(),
    ).toEqual(states.map(plain).toSorted());
    expect(explained(tableWith('Event', 'Meaning'), 'Event')).toEqual(
      LIFE_EVENTS,
    );
  });

  it('has the error texts, all of them', () => {
    const documented = tableWith('Code', 'Text', 'Where').map(
      ({ Code, Text }) => [plain(Code ?? ''), plain(Text ?? '')],
    );
    expect(Object.fromEntries(documented)).toEqual(WireError);
    expect(documented).toHaveLength(Object.keys(WireError).length);
  });

  it('tells of no other errors of commands', () => {
    const texts = new Set<string>(Object.values(WireError));
    const told = [
      ...tablesWith('Check', 'Error')
        .flat()
        .map(({ Error }) => Error),
      ...tableWith('Errors, in order').map((row) => row['Errors, in order']),
    ].flatMap((cell) => codes(cell ?? ''));
    const unknown = told.filter(
      (text) => !texts.has(text) && !text.startsWith('Invalid filter'),
    );
    expect(unknown).toEqual([]);
    expect(told.length).toBeGreaterThan(20);
  });

  it('has the close codes, all of them', () => {
    const documented = tableWith('Code', 'Name', 'Reason').map(
      ({ Code, Name }) => [plain(Name ?? ''), Number(Code)],
    );
    expect(Object.fromEntries(documented)).toEqual(CloseCode);
    expect(documented).toHaveLength(Object.keys(CloseCode).length);
  });

  it('has the reason of each close code', () => {
    for (const { Name, Reason = '' } of tableWith('Code', 'Name', 'Reason')) {
      const cause = plain(Name ?? '') as CloseCause;
      const reason = CloseReason[cause];
      // For a close by the application, the table says that the reason is the
      // application's.
      if (cause === 'normal') expect([cause, reason]).toEqual([cause, '']);
      else expect(plain(Reason)).toBe(reason === '' ? 'empty' : reason);
    }
  });

  it('has each close code in one range', () => {
    const ranges = tableWith('Codes', 'Meaning').map(({ Codes }) =>
      (Codes ?? '').split(', ').map((range) => {
        const [low, high = low] = range.split('-').map(Number);
        return [low, high] as [number, number];
      }),
    );
    for (const code of Object.values(CloseCode)) {
      const matching = ranges.filter((range) =>
        range.some(([low, high]) => low <= code && code <= high),
      );
      expect([code, matching.length]).toEqual([code, 1]);
    }
  });

  it('has the faults of messages, all of them', () => {
    const documented = tableWith('Fault', 'HTTP status').map((row) => [
      plain(row['Fault'] ?? ''),
      {
        status: Number(row['HTTP status']),
        text: plain(row['HTTP message'] ?? ''),
      },
    ]);
    expect(Object.fromEntries(documented)).toEqual(MessageFault);
    expect(lines.join(' ')).toContain(`nest at most ${MAX_NESTING} levels`);
  });

  it('has the limits and their defaults', () => {
    const documented = tableWith('Option', 'Default', 'Of').map(
      (row) =>
        [
          `${row['Of']}: ${plain(row['Option'] ?? '')}`,
          row['Default'] === 'none' ? Infinity : Number(row['Default']),
        ] as const,
    );
    const { log, revocations, ...datasync } = dataSyncSettings({});
    const logLimits = Object.entries({ log, revocations }).flatMap(
      ([which, limits]) =>
        Object.entries(limits).map(([name, value]) => [
          `${which}.${name}`,
          value as number,
        ]),
    );
    const of = (what: string, limits: object): (readonly [string, unknown])[] =>
      Object.entries(limits).map(([name, value]) => [
        `${what}: ${name}`,
        value,
      ]);
    const known = [
      ...of('WebSocket', webSocketSettings({})),
      ...of('PubSub', pubSubSettings({})),
      ...of('DataSync', { ...datasync, ...Object.fromEntries(logLimits) }),
      ...of('filters', DEFAULT_FILTER_LIMITS),
    ];
    const rest = documented.filter(([name]) => !name.startsWith('HTTP'));
    expect(Object.fromEntries(rest)).toEqual(Object.fromEntries(known));
  });

  it('has the errors of filters', () => {
    const documented = tableWith('Query', 'Error');
    for (const { Query, Error: text } of documented) {
      const query = JSON.parse(plain(Query ?? '')) as JsonValue;
      expect(() => parseFilter(query)).toThrow(new Error(plain(text ?? '')));
    }
    expect(documented.length).toBeGreaterThan(5);
  });

  it('shows frames that are envelopes', () => {
    const frames = lines.flatMap(
      (line) => /^(?:B |C\d) [<>] (.*)$/.exec(line)?.[1] ?? [],
    );
    for (const frame of frames) {
      expect(Object.keys(JSON.parse(frame) as object)).toEqual([
        'service',
        'message',
      ]);
    }
    expect(frames.length).toBeGreaterThan(20);
  });
});

class AllTasks extends BroadcastDealer {
  readonly model = 'Task';
}

interface Frame {
  readonly service: string;
  readonly message: JsonObject;
}

/** Plays a sequence of the page with a server, under its own token and positions. */
class Player {
  private readonly clients = new Map<string, TestClient>();
  /** What the page has, as JSON text, and what it is here. */
  private readonly actual = new Map<string, string>();

  constructor(private readonly app: Parameters<typeof connectClient>[0]) {}

  async play(steps: readonly string[]): Promise<void> {
    let answer: JsonValue = null;
    for (const step of steps) {
      const [, who, what, text = ''] =
        /^(B |C\d) ([<>x]) ?(.*)$/.exec(step) ?? [];
      if (who === undefined) continue;
      if (what === 'x') (await this.client(who)).disconnect();
      else if (who !== 'B ')
        await this.step(await this.client(who), what === '>', text);
      else if (what === '>') answer = await this.callBackend(text);
      else
        this.compare(
          (JSON.parse(text) as Frame).message['data'] ?? null,
          answer,
        );
    }
    const unread = [...this.clients].map(([who, { unread }]) => [who, unread]);
    expect(unread).toEqual([...this.clients.keys()].map((who) => [who, []]));
  }

  private async step(
    client: TestClient,
    out: boolean,
    text: string,
  ): Promise<void> {
    if (out) client.emitText(this.here(text));
    else
      this.compare(
        JSON.parse(text) as JsonValue,
        (await client.next()) as unknown as JsonValue,
      );
  }

  private callBackend(text: string): Promise<JsonValue> {
    const { service, message } = JSON.parse(this.here(text)) as Frame;
    return callBackend(
      this.app,
      service,
      message['command'] as string,
      message['params'] as JsonObject,
    );
  }

  private async client(who: string): Promise<TestClient> {
    const client = this.clients.get(who) ?? (await connectClient(this.app));
    this.clients.set(who, client);
    return client;
  }

  /** A text of the page with the token and the positions of this server. */
  private here(text: string): string {
    let result = text;
    for (const [page, actual] of this.actual)
      result = result.replaceAll(page, actual);
    return result;
  }

  private compare(page: JsonValue, actual: JsonValue): void {
    this.learn(page, actual);
    expect(actual).toEqual(JSON.parse(this.here(JSON.stringify(page))));
  }

  /** Notes where the page has a token or a position. */
  private learn(page: JsonValue, actual: JsonValue | undefined): void {
    if (actual === undefined || actual === null || page === null) return;
    const isToken = typeof page === 'string' && /^[a-z0-9]{32}$/.test(page);
    const isPosition =
      Array.isArray(page) && /^\["[\w-]{8}",\d+\]$/.test(JSON.stringify(page));
    if (isToken || isPosition) {
      const key = JSON.stringify(page);
      if (!this.actual.has(key)) this.actual.set(key, JSON.stringify(actual));
    } else if (typeof page === 'object') {
      for (const [key, value] of Object.entries(page)) {
        this.learn(value as JsonValue, (actual as JsonObject)[key]);
      }
    }
  }
}

describe("The protocol's sequences", () => {
  it.each([
    'Saying hello',
    'Hand-off',
    'Reconnect and resume',
    'Token taken over by a second connection',
  ])('"%s" is what happens', async (title) => {
    expect.hasAssertions();
    const registries = { frontend: {}, backend: {} };
    const app = await Test.createTestingModule({
      imports: [
        SnorkyModule.forRoot({ registries }),
        DataSyncModule.register({ dealers: [AllTasks] }),
      ],
    }).compile();
    await app.init();
    try {
      await new Player(app).play(section(title));
    } finally {
      await app.close();
    }
  });
});
