import { describe, expect, it } from '@jest/globals';
import {
  Chat,
  comesBack,
  Cursors,
  Messaging,
  NEXT_STATE,
  PubSub,
  RPCService,
  Signal,
  Snorky,
  type ConnectorHost,
  type ServiceClass,
  type SocketClass,
} from 'snorky/client';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NEXT_LIVE_STATE } from '../../src/client/live/live-state.js';
import { Declarations } from './declarations.js';
import { tableAfter } from './markdown.js';

const ROOT = join(import.meta.dirname, '../..');

/** The rows of the first table after a heading or a line of text. */
async function rowsAfter(mark: string, nth = 0): Promise<string[][]> {
  return tableAfter('docs/client.md', mark, nth);
}

function plain(cell = ''): string {
  return cell.replaceAll('`', '');
}

/** All that a cell has as code, without what is in brackets. */
function codes(cell = ''): string[] {
  return [...cell.matchAll(/`(\w+)(?:\([^`]*)?`/g)].map(
    ([, code]) => code as string,
  );
}

const namesOf = (rows: readonly string[][]): string[] =>
  rows.map(([name]) => plain(name));

/** What a table tells of options and their defaults. */
function told(rows: readonly string[][]): Map<string, string> {
  return new Map(
    rows.map(([name, value = '']) => [
      plain(name),
      plain(value).replaceAll(/(?<=\d),(?=\d)/g, ''),
    ]),
  );
}

function only(
  defaults: ReadonlyMap<string, string>,
  names: readonly string[],
): [string, string | undefined][] {
  return names.map((name) => [name, defaults.get(name)]);
}

describe("The manual's tables", () => {
  it('have the options of a connection, all of them', async () => {
    const source = await Declarations.with('SnorkyOptions');
    const names = source.membersOf('SnorkyOptions');
    const options = told(await rowsAfter('### Options'));
    expect([...options.keys()]).toEqual(names);
    const literal = names.filter((name) => options.get(name) !== '{}');
    const defaults = new Map<string, string>();
    for (const name of ['Snorky', 'Link', 'Liveness']) {
      const code = await Declarations.with(name);
      for (const entry of code.defaults()) defaults.set(...entry);
    }
    expect(only(options, literal)).toEqual(only(defaults, literal));
    expect(literal).toHaveLength(6);
  });

  it('have the limits of the queue', async () => {
    const source = await Declarations.with('QueueLimits');
    const names = source.membersOf('QueueLimits');
    const options = told(await rowsAfter('### Options', 1));
    expect([...options.keys()]).toEqual(names);
    expect(only(options, names)).toEqual(only(source.defaults(), names));
  });

  it('have the options of coming back', async () => {
    const source = await Declarations.with('ReconnectionOptions');
    const names = source.membersOf('ReconnectionOptions');
    const options = told(await rowsAfter('## Coming back'));
    expect([...options.keys()]).toEqual(names);
    expect(only(options, names)).toEqual(only(source.defaults(), names));
  });

  it('have the options of calls', async () => {
    const source = await Declarations.with('CallOptions');
    const rows = await rowsAfter('Each call takes options');
    expect(namesOf(rows)).toEqual(source.membersOf('CallOptions'));
    const code = await Declarations.with('PendingCalls');
    expect(told(rows).get('repeat')).toBe(code.defaults().get('repeat'));
  });

  it('have the options and members of live rows', async () => {
    const common = await Declarations.with('LiveOptions');
    const source = await Declarations.with('LiveListOptions');
    const options = told(await rowsAfter('## Live rows'));
    expect([...options.keys()].sort()).toEqual(
      [
        ...common.membersOf('LiveOptions'),
        ...source.membersOf('LiveListOptions'),
      ].sort(),
    );
    const fetching = (await Declarations.with('SubscribingRequest')).defaults();
    for (const name of ['timeout', 'maxBytes']) {
      expect(options.get(name)).toBe(fetching.get(name));
    }
    const members = (await rowsAfter('## Live rows', 1)).flatMap(([name]) =>
      codes(name),
    );
    const shown = await Declarations.with('Snapshots');
    expect(members.sort()).toEqual(
      ['Live', 'LiveCollection', 'LiveItem']
        .flatMap((name) => source.membersOf(name))
        .concat(shown.membersOf('Snapshots'))
        .sort(),
    );
  });

  it.each([
    ['## States', 0, 'ConnectionState'],
    ['## States', 2, 'ConnectionEvent'],
    ['## Live rows', 2, 'LiveState'],
    ['What happens to a list', 0, 'LiveEvent'],
    ['## DataSync without', 0, 'FollowState'],
  ])('after %s, number %i, name all of %s', async (mark, nth, type) => {
    const source = await Declarations.with(type);
    expect(namesOf(await rowsAfter(mark, nth))).toEqual(source.choicesOf(type));
  });

  it.each([
    ['a connection', '## States', 1, 'The events:', NEXT_STATE],
    ['a live list', '## Live rows', 3, 'What happens', NEXT_LIVE_STATE],
  ])('have the whole life of %s', async (_what, mark, nth, names, table) => {
    const rows = await rowsAfter(mark, nth);
    const events = namesOf(await rowsAfter(names));
    const documented = Object.fromEntries(
      rows.map(([name, ...cells]) => [
        plain(name),
        Object.fromEntries(
          events.flatMap((event, i) =>
            cells[i] === '-' ? [] : [[event, plain(cells[i])]],
          ),
        ),
      ]),
    );
    expect(documented).toEqual(table);
  });

  it('say after which closes a connector comes back', async () => {
    const rows = await rowsAfter('### Close codes');
    const stops = rows.filter(([, , what]) => what === 'stops');
    const ranges = stops.map(([range = '']) => range.split('-').map(Number));
    for (const code of [1000, 1001, 1006, 1009, 4000, 4002, 4099, 4100, 4199]) {
      const stopped = ranges.some(
        ([low = 0, high = low]) => low <= code && code <= high,
      );
      expect([code, !stopped]).toEqual([code, comesBack({ code, reason: '' })]);
    }
  });

  it('have the errors, all of them', async () => {
    const source = await Declarations.with('CONNECTOR_ERRORS');
    expect(namesOf(await rowsAfter('## Errors'))).toEqual([
      ...source.keysOf('CONNECTOR_ERRORS'),
      ...source.keysOf('LIVE_ERRORS'),
    ]);
  });

  it('have the members of a connection that applications use', async () => {
    const documented = (await rowsAfter('### Members')).flatMap(([name]) =>
      codes(name),
    );
    const known = (await Declarations.with('Snorky')).publicOf('Snorky');
    const others = ['Promise', 'Signal', 'debug', 'timeout', 'logDebug'];
    expect(documented.sort()).toEqual(
      known.filter((name) => !others.includes(name)).sort(),
    );
  });

  it('have the methods of a signal', async () => {
    const documented = (await rowsAfter('### Signals')).flatMap(([name]) =>
      codes(name),
    );
    const methods = Object.getOwnPropertyNames(Signal.prototype);
    expect([...documented, 'bind', 'constructor'].sort()).toEqual(
      methods.sort(),
    );
  });

  it('have the methods and signals of the connectors', async () => {
    const rows = await rowsAfter('## Chat, messaging, cursors');
    const pubsub = (await rowsAfter('## Publish and subscribe')).map(
      ([name]) => name,
    );
    const all = [
      ...rows,
      [
        '`PubSub`',
        '`channel`, `subscribe`, `unsubscribe`, `publish`',
        pubsub.join(', '),
      ],
    ];
    const classes = { Chat, Messaging, Cursors, PubSub };
    expect(all.map(([name]) => plain(name))).toEqual(Object.keys(classes));
    for (const [name, methods, signals] of all) {
      const Class = classes[plain(name) as keyof typeof classes];
      const known = await Declarations.with(plain(name));
      expect(codes(signals).sort()).toEqual(signalsOf(Class));
      expect([...codes(methods), ...codes(signals)].sort()).toEqual(
        known.publicOf(plain(name)).sort(),
      );
    }
  });
});

describe("The manual's sizes", () => {
  it('are the limits of the build', async () => {
    const script = await readFile(join(ROOT, 'scripts/build-browser.js'));
    const limits = [...script.toString().matchAll(/([\d.]+) \* 1024/g)];
    const told = await rowsAfter('What it weighs');
    expect(told.map(([, most]) => most)).toEqual(
      limits.map(([, limit]) => `${limit} KiB`),
    );
    expect(told).toHaveLength(4);
  });
});

function signalsOf(Class: ServiceClass): string[] {
  const snorky: ConnectorHost = new Snorky(
    class {} as unknown as SocketClass,
    '',
    {},
    { connect: false },
  );
  const common = Object.keys(new RPCService('any', snorky));
  return Object.entries(new Class('any', snorky))
    .filter(
      ([name, value]) => value instanceof Signal && !common.includes(name),
    )
    .map(([name]) => name)
    .sort();
}
