import { describe, expect, it } from '@jest/globals';
import { Declarations, type DeclaredOption } from './declarations.js';
import { tableAfter } from './markdown.js';

type Declared = readonly [declaration: string, room: string];

/** What each table of options is of, by its heading. */
const TABLES: readonly (readonly [heading: string, of: readonly Declared[]])[] =
  [
    [
      '`SnorkyModule.forRoot`',
      [
        ['SnorkyModuleOptions', 'nest'],
        ['SnorkyLateOptions', 'nest'],
      ],
    ],
    ['`SnorkyModule.forRootAsync`', [['AsyncOptions', 'nest']]],
    ['A registry', [['RegistryOptions', 'nest']]],
    [
      'An endpoint',
      [
        ['WebSocketEndpointOptions', 'nest'],
        ['WebSocketOptions', 'transports'],
        ['WebSocketLateOptions', 'nest'],
      ],
    ],
    [
      'A backend',
      [
        ['HttpBackendOptions', 'nest'],
        ['BackendOptions', 'transports'],
      ],
    ],
    ['`listen` of a backend', [['ListenOptions', 'nest']]],
    ['Events', [['EventsOptions', 'nest']]],
    ['A webhook', [['WebhookOptions', 'transports']]],
    [
      'The log',
      [
        ['LogRate', 'core'],
        ['LogOptions', 'core'],
      ],
    ],
    ['A bundled service', [['BundledServiceOptions', 'nest']]],
    ['PubSub', [['PubSubOptions', 'services']]],
    [
      'DataSync',
      [
        ['DataSyncStaticOptions', 'services'],
        ['DataSyncOptions', 'services'],
      ],
    ],
    ['A model', [['ModelOptions', 'services']]],
    [
      '`authorizeSubscription` and `snapshot`',
      [['AuthorizeOptions', 'services']],
    ],
    ['`revoke`', [['RevokeOptions', 'services']]],
    [
      '`@Subscribable`',
      [
        ['SubscribableService', 'services'],
        ['SubscribableToken', 'services'],
        ['PartialAnswer', 'services'],
      ],
    ],
    ['`@RpcCommand`', [['RpcCommandOptions', 'nest']]],
    ['`@RpcParam`', [['RpcParamOptions', 'nest']]],
    ['`connectClient`', [['ConnectOptions', 'testing']]],
    ['`callBackend`', [['BackendCallOptions', 'testing']]],
    ['`next` of a test client', [['NextOptions', 'testing']]],
    ['`DelayedBroker`', [['DelayedBrokerOptions', 'broker']]],
  ];

/** Which of the README's tables of limits has the rest of a table's options. */
const LIMITS = new Map([
  ['An endpoint', 'Of a WebSocket endpoint'],
  ['A backend', 'Of a backend'],
  ['PubSub', 'Of a PubSub service'],
  ['DataSync', 'Of a DataSync service'],
]);

const plain = (cell = ''): string => cell.replaceAll('`', '');
const number = (text: string): string =>
  text.replaceAll(/(?<=\d)[,_](?=\d)/g, '');

async function declared(of: readonly Declared[]): Promise<DeclaredOption[]> {
  const all = new Map<string, DeclaredOption>();
  for (const [name, room] of of) {
    const source = await Declarations.with(name, room);
    for (const option of source.optionsOf(name)) {
      if (!all.has(option.name)) all.set(option.name, option);
    }
  }
  return [...all.values()];
}

/** The options that the README has as limits; `log.size` is of `log`. */
async function limitsOf(heading: string): Promise<Set<string>> {
  const line = LIMITS.get(heading);
  if (line === undefined) return new Set();
  const rows = await tableAfter('README.md', line);
  return new Set(rows.map(([name]) => plain(name).split('.', 1)[0] ?? ''));
}

/** What a table has to say of a default: the source, up to what explains it. */
function defaultOf({ isRequired, default: text }: DeclaredOption): string {
  if (isRequired) return 'required';
  return text === undefined
    ? 'none'
    : (plain(text).split(/[:;]| \(/, 1)[0] ?? '');
}

describe("The reference's tables of options", () => {
  it.each(TABLES)(
    'have each option of %s, and its default',
    async (heading, of) => {
      const rows = await tableAfter('docs/reference.md', `### ${heading}\n`);
      const documented = rows.map(([name, value]) => [
        plain(name),
        number(plain(value)),
      ]);
      const limits = await limitsOf(heading);
      const options = await declared(of);
      expect(Object.fromEntries(documented)).toEqual(
        Object.fromEntries(
          options
            .filter(({ name }) => !limits.has(name))
            .map((option) => [option.name, number(defaultOf(option))]),
        ),
      );
      expect(documented).toHaveLength(
        new Set(documented.map(([name]) => name)).size,
      );
      const names = new Set(options.map(({ name }) => name));
      expect([...limits].filter((name) => !names.has(name))).toEqual([]);
    },
  );

  it('are those of each interface of options that the package exports', async () => {
    const index = await Declarations.texts('index.ts', 'testing/index.ts');
    const exported = [...index.matchAll(/\b(\w+Options)\b/g)].map(
      ([, name]) => name,
    );
    const known = new Set(TABLES.flatMap(([, of]) => of.map(([name]) => name)));
    const missing = exported.filter((name) => !known.has(name ?? ''));
    expect(missing.toSorted()).toEqual(MADE_OF_OTHERS);
  });
});

/** Made of the interfaces above, or not for applications but for brokers. */
const MADE_OF_OTHERS = [
  'DataSyncModuleAsyncOptions',
  'DataSyncModuleOptions',
  'ListenerOptions',
  'ModelsOptions',
  'PubSubModuleAsyncOptions',
  'PubSubModuleOptions',
  'SnorkyModuleAsyncOptions',
  'SubscribableOptions',
  'TokenClaimOptions',
  'VerifyOptions',
];
