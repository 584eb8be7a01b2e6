import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Logger, type INestApplication, type Type } from '@nestjs/common';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runInNewContext } from 'node:vm';
import {
  CloseCode,
  DataSyncModule,
  PubSubModule,
  REDACTED_NAMES,
  type Dealer,
} from 'snorky';
import type { LiveCollection } from 'snorky/client';
import ts from 'typescript';
import { WebSocket } from 'ws';
import { DEFAULT_LOG_RATE } from '../../src/core/log/log.js';
import { pubSubSettings } from '../../src/services/pubsub/pubsub-options.js';
import { dataSyncSettings } from '../../src/services/datasync/datasync-options.js';
import { DEFAULT_FILTER_LIMITS } from '../../src/services/datasync/filter/parse.js';
import { webSocketSettings } from '../../src/transports/websocket/websocket-options.js';
import { startApp } from '../support/servers/app.js';
import { TestSocket } from '../support/sockets/socket.js';
import { runCurlLine } from './curl.js';
import { CLIENT_SAMPLES } from './client-samples.js';
import { blocksOf, documents, tableUnder, type Block } from './markdown.js';
import { CLIENT_WORK, Page, scriptOf, type PageScript } from './page.js';
import {
  classOf,
  portOf,
  SAMPLES,
  serve,
  type SampleModule,
} from './samples.js';

const ROOT = join(import.meta.dirname, '../..');
// Inside the tree, where packages are found.
const WORK = join(ROOT, '.build', `samples-${process.pid}`);

const blocks = (await Promise.all((await documents()).map(blocksOf))).flat();
const samples = blocks.filter(
  // The samples for pages have a spec of their own.
  ({ language, kind = '' }) =>
    language === 'ts' && !['client', 'shared', 'declared'].includes(kind),
);

function titleOf({ document, line, name }: Block): string {
  return `${document}:${line}${name === undefined ? '' : ` (${name})`}`;
}

/** The types of the wire that a block has from elsewhere on its page. */
function typesFor(text: string): string {
  const names = ['Delta', 'JsonValue', 'Position'].filter(
    (name) => !new RegExp(`^type ${name}\\b`, 'm').test(text),
  );
  return `import type { ${names.join(', ')} } from 'snorky';`;
}

function sourceOf({ document, name, text }: Block): string {
  const {
    before = document === 'docs/protocol.md' ? typesFor(text) : '',
    after = '',
    file,
  } = SAMPLES[name ?? ''] ?? {};
  const code = `${before}\n${text}\n${after}\n`;
  // A sample of this tree stands where it would, and imports what is there.
  return file === undefined
    ? code
    : code.replaceAll("'../../", "'../../../../src/");
}

/** Writes a sample where it can be compiled or imported. */
async function write(
  { name }: Block,
  code: string,
  place: string,
): Promise<string> {
  const file = join(WORK, SAMPLES[name ?? '']?.file ?? `${place}.ts`);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, code);
  return file;
}

function block(kind: string, name: string): Block {
  const found = blocks.find((one) => one.kind === kind && one.name === name);
  if (found === undefined) throw new Error(`No ${kind} "${name}".`);
  return found;
}

/** A sample for pages, to be run by one. */
function pageScript(name: string): PageScript {
  return scriptOf(block('client', name), CLIENT_SAMPLES[name]);
}

/** Imports a sample, its ports replaced. A changed one needs another place. */
async function load(
  sample: Block,
  place = `run-${sample.name}`,
): Promise<SampleModule> {
  let code = sourceOf(sample);
  const { replace = {} } = SAMPLES[sample.name ?? ''] ?? {};
  for (const [text, other] of Object.entries(replace)) {
    code = code.replaceAll(text, other);
  }
  const file = await write(sample, code, place);
  return (await import(file)) as SampleModule;
}

/** What the compiler says of each sample, all of them in one program. */
async function compile(): Promise<Map<string, string[]>> {
  const files = new Map<string, string>();
  for (const [index, sample] of samples.entries()) {
    const file = await write(sample, sourceOf(sample), `sample-${index}`);
    files.set(file, titleOf(sample));
  }
  const config = ts.getParsedCommandLineOfConfigFile(
    join(ROOT, 'tsconfig.json'),
    { noUnusedLocals: false, noUnusedParameters: false, declaration: false },
    {
      ...ts.sys,
      onUnRecoverableConfigFileDiagnostic: ({ messageText }) => {
        throw new Error(ts.flattenDiagnosticMessageText(messageText, '\n'));
      },
    },
  );
  const program = ts.createProgram([...files.keys()], config?.options ?? {});
  const found = new Map<string, string[]>();
  for (const diagnostic of ts.getPreEmitDiagnostics(program)) {
    const title = files.get(diagnostic.file?.fileName ?? '') ?? 'elsewhere';
    const text = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n');
    found.set(title, [...(found.get(title) ?? []), text]);
  }
  return found;
}

beforeAll(async () => {
  Logger.overrideLogger(false);
  await mkdir(WORK, { recursive: true });
});

afterAll(async () => {
  await rm(WORK, { recursive: true, force: true });
  await rm(CLIENT_WORK, { recursive: true, force: true });
});

describe('The TypeScript samples of the documents', () => {
  let problems: Map<string, string[]>;

  beforeAll(async () => {
    problems = await compile();
  }, 60_000);

  it.each(samples.map((sample) => [titleOf(sample)]))(
    '%s compiles as it stands',
    (title) => {
      expect(problems.get(title) ?? []).toEqual([]);
    },
  );

  it('bring no problem with them', () => {
    expect(problems.get('elsewhere') ?? []).toEqual([]);
  });

  it('have a set-up each, and each set-up a sample', () => {
    const names = samples.flatMap(({ name }) => name ?? []);
    expect(names.sort()).toEqual(Object.keys(SAMPLES).sort());
  });

  it.each(
    samples
      .filter(({ name }) => SAMPLES[name ?? '']?.run !== undefined)
      .map((sample) => [titleOf(sample), sample] as const),
  )('%s does what it says', async (_title, sample) => {
    expect.hasAssertions();
    await SAMPLES[sample.name ?? '']?.run?.(await load(sample));
  });
});

describe('The first screen of the README', () => {
  it('keeps a page up to date', async () => {
    const sample = await load(block('sample', 'todo'));
    await using app = await serve([], [classOf(sample, 'AppModule')]);
    using page = Page.of(app);
    const { tasks } = (await page.load(pageScript('todo-page'))) as unknown as {
      tasks: LiveCollection<object>;
    };
    await tasks.ready;
    const changed = new Promise<void>((resolve) => {
      tasks.changed.addOnce(() => resolve());
    });
    const created = await fetch(`${app.http}/tasks`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{"title": "Tea"}',
    });
    expect(created.status).toBe(201);
    await changed;
    expect(page.element('#tasks').textContent).toBe('- Tea');
    expect(page.element('#state').textContent).toBe('live');
    expect(await (await fetch(`${app.http}/tasks`)).json()).toEqual([
      { id: 1, title: 'Tea', completed: false },
    ]);
  });
});

describe('The page of the first screen', () => {
  it('says that @Subscribable was forgotten', async () => {
    const sample = block('sample', 'todo');
    const text = sample.text.replace(/ *@Subscribable.*\n/, '');
    const forgetful = await load({ ...sample, text }, 'run-forgetful');
    await using app = await serve([], [classOf(forgetful, 'AppModule')]);
    using page = Page.of(app);
    page.set('console', { ...console, error() {}, warn() {} });
    const { tasks } = (await page.load(pageScript('todo-page'))) as unknown as {
      tasks: LiveCollection<object>;
    };
    await expect(tasks.ready).rejects.toThrow('Subscribable');
    const told = page.element('#state').textContent;
    expect(told).toMatch(/^failed: .*@Subscribable/);
  });
});

describe('The first application of the README', () => {
  let app: INestApplication;
  let ports: ReturnType<typeof portOf>;

  beforeAll(async () => {
    const sample = await load(block('sample', 'first'));
    app = sample['app'] as unknown as INestApplication;
    ports = portOf(app);
  });

  afterAll(() => app.close());

  it('serves the browser and the terminal', async () => {
    const printed: unknown[] = [];
    const sockets: WebSocket[] = [];
    const arrival = (): Promise<void> =>
      new Promise((resolve) => (arrived = resolve));
    let arrived: () => void = () => {};
    class Browser extends WebSocket {
      constructor(url: string) {
        super(url.replace('3000', String(ports.port)));
        sockets.push(this);
      }
    }
    const console = {
      log(line: unknown) {
        printed.push(line);
        arrived();
      },
    };
    const script = block('script', 'browser').text;
    runInNewContext(script, { WebSocket: Browser, console });
    while (printed.length < 2) await arrival();
    expect(printed).toEqual([
      {
        service: 'calculator',
        message: { type: 'response', callId: 1, data: 5 },
      },
      {
        service: 'pubsub',
        message: { type: 'response', callId: 2, data: null },
      },
    ]);

    const line = blocks.find(({ text }) => text.startsWith('curl '))?.text;
    const curl = (line ?? '').replace('5801', String(ports.backend));
    expect(JSON.parse(await runCurlLine(curl))).toEqual({
      service: 'pubsub_backend',
      message: { type: 'response', data: null },
    });
    while (printed.length < 3) await arrival();
    expect(printed[2]).toEqual({
      service: 'pubsub',
      message: {
        type: 'message',
        channel: 'announcements',
        message: 'Hello, everybody!',
      },
    });
    for (const socket of sockets) socket.terminate();
  });

  it('takes the call of another server', async () => {
    const { text } = block('sample', 'backend-call');
    const code = text.replace('5801', String(ports.backend));
    const printed: unknown[] = [];
    const file = join(WORK, 'backend-call.ts');
    await writeFile(
      file,
      `export const printed: unknown[] = [];
       const console = { log: (line: unknown) => printed.push(line) };
       ${code}`,
    );
    const run = (await import(file)) as { printed: unknown[] };
    printed.push(...run.printed);
    const promised = /^\/\/ (.*)$/m.exec(text)?.[1] ?? '';
    expect(printed).toEqual([runInNewContext(`(${promised})`)]);
  });
});

describe('The live data of the README', () => {
  let sample: SampleModule;
  const serveLive = (): ReturnType<typeof serve> =>
    serve(
      [classOf(sample, 'TaskTable')],
      [
        DataSyncModule.register({
          dealers: [classOf(sample, 'TasksByProject') as Type<Dealer<never>>],
        }),
      ],
      [classOf(sample, 'TasksController')],
    );
  const publish = (http: string): Promise<string> =>
    runCurlLine(
      block('curl', 'publish-deltas').text.replace(
        /http:.*?(?=\/backend)/,
        http,
      ),
    );

  beforeAll(async () => {
    sample = await load(block('sample', 'live'));
  });

  it('reaches the rows of a browser', async () => {
    await using app = await serveLive();
    using page = Page.of(app);
    const { tasks } = (await page.load(pageScript('live-page'))) as unknown as {
      tasks: LiveCollection<{ title: string }>;
    };
    const titles = (): string[] => tasks.items.map(({ title }) => title);
    const change = (): Promise<void> =>
      new Promise((resolve) => tasks.changed.addOnce(() => resolve()));

    await tasks.ready;
    expect(titles()).toEqual(['Tea']);
    expect(page.called('console.log').at(-1)).toEqual(['live', tasks.items]);

    const renamed = change();
    await fetch(`${app.http}/tasks/1`, {
      method: 'PUT',
      headers: { 'Content-Type': 'application/json' },
      body: '{"title": "Coffee"}',
    });
    await renamed;
    expect(titles()).toEqual(['Coffee']);

    const inserted = change();
    expect(JSON.parse(await publish(app.http))).toEqual({
      service: 'datasync_backend',
      message: { type: 'response', data: null },
    });
    await inserted;
    expect(titles()).toEqual(['Coffee', 'Sleep']);
  });

  it('resumes in the messages that are shown', async () => {
    await using app = await serveLive();
    const response = await fetch(`${app.http}/tasks?project=7`, {
      headers: { 'X-Snorky': 'Subscribe' },
    });
    const token = response.headers.get('x-subscription-token');
    await using socket = await TestSocket.connect(`${app.ws}/ws`);
    let position: unknown;
    const lines = block('wire', 'resume').text.trim().split('\n');
    const told = (line: string): unknown =>
      JSON.parse(
        line
          .slice(3)
          .replaceAll('TOKEN', JSON.stringify(token))
          .replaceAll('POSITION', JSON.stringify(position ?? null)),
      );
    for (const line of lines) {
      if (line.startsWith('->')) {
        socket.ws.send(JSON.stringify(told(line)));
        continue;
      }
      if (line.includes('"deltas"')) await publish(app.http);
      const message = await socket.next();
      const text = JSON.stringify(message);
      const [, after = 'null'] = /"position":(\[.*?\])/.exec(text) ?? [];
      position = JSON.parse(after);
      expect(message).toEqual(told(line));
    }
  });
});

describe('Origins in the README', () => {
  const line = block('curl', 'origin').text;

  it('are refused where curl shows it', async () => {
    const { root } = await load(block('sample', 'origins'));
    await using app = await startApp({ imports: [root as Type] });
    const printed = await runCurlLine(
      line.replace(/http:.*?(?=\/ws)/, app.http),
    );
    expect(printed).toContain('Origin not allowed');
  });

  it('are accepted where it prints nothing, until its time is over', async () => {
    await using app = await serve([]);
    const printed = runCurlLine(
      line.replace(/http:.*?(?=\/ws)/, app.http).replace('-m 5', '-m 0.5'),
    );
    await expect(printed).rejects.toMatchObject({ code: 28, stdout: '' });
  });
});

describe('Typed calls in the README', () => {
  it.each([
    ['adder', 'browser', { sum: 5 }],
    ['commands', 'typed', { sum: 5 }],
  ])('reach %s from %s', async (server, client, result) => {
    const sample = await load(block('sample', server));
    const services = Object.values(sample) as Type[];
    await using app = await serve(services, [PubSubModule.register()]);
    using page = Page.of(app);
    expect(await page.load(pageScript(client))).toMatchObject(result);
  });
});

describe('What the README says in tables', () => {
  it('shows the messages that are exchanged', async () => {
    const exchanges = blocks.filter(({ kind }) => kind === 'exchange');
    expect(exchanges.length).toBeGreaterThan(0);
    for (const { name, text } of exchanges) {
      const sample = await load(block('sample', name ?? ''));
      const services = Object.values(sample) as Type[];
      await using app = await serve(services);
      await using socket = await TestSocket.connect(`${app.ws}/ws`);
      for (const line of text.trim().split('\n')) {
        const message: unknown = JSON.parse(line.slice(3));
        if (line.startsWith('->')) socket.ws.send(line.slice(3));
        else expect(await socket.next()).toEqual(message);
      }
    }
  });

  it('lists every limit with its default', async () => {
    const rows = await tableUnder('README.md', 'Limits');
    const told = new Map(
      rows.map(([name = '', value = '']) => [
        name.replaceAll('`', ''),
        value.replaceAll('`', ''),
      ]),
    );
    const { log, revocations, ...dataSync } = dataSyncSettings({});
    const bounds = Object.entries({ log, revocations }).flatMap(
      ([which, limits]) =>
        Object.entries(limits).map(
          ([name, value]) => [`${which}.${name}`, value as number] as const,
        ),
    );
    const defaults = [
      ...Object.entries(webSocketSettings({})),
      ...Object.entries(pubSubSettings({})),
      ...Object.entries(dataSync),
      ...bounds,
      ...Object.entries(DEFAULT_FILTER_LIMITS),
    ];
    told.set(
      'log.age',
      told.get('log.age') === '2 x tokenTimeout'
        ? String(2 * dataSync.tokenTimeout)
        : '',
    );
    for (const [name, value] of defaults) {
      expect([name, numberOf(told.get(name))]).toEqual([name, value]);
    }
    expect([...told.keys()].sort()).toEqual(
      [
        ...new Set(defaults.map(([name]) => name)),
        ...['Option', 'compression', 'hosts', 'maxBody', 'origins', 'timeout'],
      ]
        .filter((name) => name !== 'Option')
        .sort(),
    );
  });

  it('lists every close code', async () => {
    const rows = await tableUnder('README.md', 'Close codes');
    expect(rows.map(([code]) => code)).toEqual([
      ...Object.values(CloseCode).map(String),
      '4200-4999',
    ]);
  });

  it('lists every redacted name, and the limits of the log', async () => {
    const text = await tableText('The log');
    const [, list = ''] = /The names: ([^(]*)/.exec(text) ?? [];
    expect([...list.matchAll(/`(\w+)`/g)].map(([, name]) => name)).toEqual([
      ...REDACTED_NAMES,
    ]);
    const { lines, window } = DEFAULT_LOG_RATE;
    expect(text).toContain(
      `limited to ${lines} of a kind in ${window / 1000} seconds`,
    );
  });
});

function numberOf(told = ''): number {
  if (told === 'no limit') return Infinity;
  const [digits = '', unit] = told.split(' ');
  return (
    Number(digits.replaceAll(',', '')) * (unit?.startsWith('Mi') ? 2 ** 20 : 1)
  );
}

async function tableText(heading: string): Promise<string> {
  const text = await readFile(join(ROOT, 'README.md'), 'utf8');
  return text.split(/^## /m).find((one) => one.startsWith(heading)) ?? '';
}
