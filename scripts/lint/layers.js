/**
 * The table of layers: which folder of `src` may import which others. The import
 * rules of `.oxlintrc.json` and the tables of CONTRIBUTING are made from it
 * (`npm run lint:rules`), and `npm run lint` fails where they are not.
 *
 * @typedef {object} Layer
 * @property {string} folder Of `src`.
 * @property {string} is What it is, for CONTRIBUTING.
 * @property {readonly string[]} imports The layers that it may import.
 * @property {boolean} nest Whether it may import `@nestjs/*`.
 * @property {'any' | 'browser' | 'none'} [packages] What else it may import:
 *   any package (the default), nothing of Node, or nothing at all.
 *
 * @typedef {object} Room A folder of a layer, or of a room. It inherits the rules
 *   of what it is in.
 * @property {string} folder
 * @property {string} is
 * @property {readonly string[]} rooms Its neighbours that it may import. The others
 *   it may not.
 * @property {boolean} [hall] Whether it may import the files that stand beside
 *   the rooms. By default it may.
 * @property {readonly string[]} [imports] Fewer layers than the layer may.
 * @property {boolean} [nest] False where the layer may import Nest and it may not.
 *
 * @typedef {object} Kind Files of one kind, wherever they are in a layer.
 * @property {string} files
 * @property {string} layer
 * @property {string} is
 * @property {readonly string[]} imports
 * @property {boolean} nest
 */

/**
 * From the bottom up. Some are empty so far: their rules hold from their first
 * file on.
 *
 * @type {readonly Layer[]}
 */
export const LAYERS = [
  {
    folder: 'protocol',
    is: 'the wire: types, guards, limits, error texts, close codes; what all layers share',
    imports: [],
    nest: false,
    packages: 'none',
  },
  {
    folder: 'broker',
    is: 'what nodes share: ports, and the broker in memory',
    imports: ['protocol'],
    nest: false,
  },
  {
    folder: 'core',
    is: 'the runtime: clients, outbox, services, registry, admission',
    imports: ['protocol', 'broker'],
    nest: false,
  },
  {
    folder: 'transports',
    is: 'bytes to clients and back',
    imports: ['protocol', 'broker', 'core'],
    nest: false,
  },
  {
    folder: 'nest',
    is: 'the framework: module, decorators, commands, gateways, hosts',
    imports: ['protocol', 'broker', 'core', 'transports'],
    nest: true,
  },
  {
    folder: 'services',
    is: 'the bundled services, written with the decorators that users have',
    imports: ['protocol', 'broker', 'core', 'transports', 'nest'],
    nest: true,
  },
  {
    folder: 'client',
    is: '`snorky/client`, the connector for browsers, and `browser.ts`, which becomes its file',
    imports: ['protocol'],
    nest: false,
    packages: 'browser',
  },
  {
    folder: 'backend',
    is: '`snorky/backend`, the connector for servers',
    imports: ['protocol'],
    nest: false,
  },
  {
    folder: 'integrations',
    is: 'what follows the changes of an ORM',
    imports: ['protocol', 'client', 'backend', 'services'],
    nest: true,
  },
  {
    folder: 'testing',
    is: '`snorky/testing`; nobody imports it',
    imports: [
      ...['protocol', 'broker', 'core', 'transports', 'nest', 'services'],
      ...['client', 'backend', 'integrations'],
    ],
    nest: true,
  },
  {
    folder: 'cli',
    is: 'the command `snorky`; nobody imports it',
    imports: [
      ...['protocol', 'broker', 'core', 'transports', 'nest', 'services'],
      ...['client', 'backend', 'integrations'],
    ],
    nest: true,
  },
];

/** @type {readonly Room[]} */
export const ROOMS = [
  {
    folder: 'broker/ports',
    is: 'what a broker is: logs, announcements, the directory, tokens',
    rooms: [],
    hall: false,
  },
  {
    folder: 'broker/memory',
    is: 'all ports in one process, answered at once',
    rooms: ['broker/ports'],
  },
  {
    folder: 'broker/memory/shared',
    is: 'what the nodes of one store have together',
    rooms: [],
    hall: false,
  },
  {
    folder: 'broker/delayed',
    is: 'the same with delays: the stand-in for a network',
    rooms: ['broker/ports'],
  },
  {
    folder: 'core/json',
    is: 'the door for values of the application: copied, frozen, encoded, or refused',
    rooms: [],
  },
  {
    folder: 'core/log',
    is: 'lines of the log, rate-limited, and what they may show',
    rooms: [],
  },
  {
    folder: 'core/clients',
    is: 'a client: its identity, its outbox, the order of its messages, its end',
    rooms: ['core/json'],
  },
  {
    folder: 'core/observation',
    is: 'counters, and who looks on at calls and connections',
    rooms: ['core/clients'],
  },
  {
    folder: 'core/everywhere',
    is: 'what is done to clients on all nodes',
    rooms: ['core/json', 'core/log', 'core/clients', 'core/observation'],
  },
  {
    folder: 'core/rpc',
    is: 'commands: a call, its run, its answer',
    rooms: ['core/json', 'core/log', 'core/clients', 'core/observation'],
  },
  {
    folder: 'core/registry',
    is: 'services by name, and who talks to them: messages, hooks, features',
    rooms: [
      ...['core/log', 'core/clients', 'core/observation', 'core/everywhere'],
      'core/rpc',
    ],
  },
  {
    folder: 'core/admission',
    is: 'who comes in, as whom, and until when',
    rooms: [
      ...['core/json', 'core/log', 'core/clients', 'core/everywhere'],
      'core/registry',
    ],
  },
  {
    folder: 'transports/http',
    is: 'one request, one message, one answer',
    rooms: [],
  },
  {
    folder: 'transports/websocket',
    is: 'upgrades, frames, pings, slow readers',
    rooms: [],
  },
  {
    folder: 'transports/webhook',
    is: 'what happens, posted to a URL',
    rooms: [],
  },
  {
    folder: 'nest/setup',
    is: 'what a start can stop on: errors, versions, copies, what is read off Nest, tokens',
    rooms: [],
    hall: false,
  },
  {
    folder: 'nest/class-rules',
    is: "what class-transformer's rules leave out of an instance",
    rooms: [],
    hall: false,
  },
  {
    folder: 'nest/options',
    is: 'what `forRoot` may be told, and what comes of it',
    rooms: ['nest/setup'],
    hall: false,
  },
  {
    folder: 'nest/registration',
    is: 'how a module asks for a service, and the registries that services go into',
    rooms: ['nest/setup', 'nest/options'],
    hall: false,
  },
  {
    folder: 'nest/decorators',
    is: 'the decorators, and what reads what they have left on a class',
    rooms: ['nest/setup', 'nest/options'],
    hall: false,
  },
  {
    folder: 'nest/enhancers',
    is: 'guards, pipes, interceptors and filters: found, bound and run',
    rooms: ['nest/setup'],
    hall: false,
  },
  {
    folder: 'nest/params',
    is: 'what parameters a command takes, and how they are checked',
    rooms: ['nest/setup', 'nest/decorators'],
    hall: false,
  },
  {
    folder: 'nest/providers',
    is: 'what stands behind a class: an instance for each request, the stand-in of a test',
    rooms: ['nest/setup', 'nest/decorators', 'nest/enhancers'],
    hall: false,
  },
  {
    folder: 'nest/gateway',
    is: 'who may connect to a registry, and as whom',
    rooms: [
      ...['nest/setup', 'nest/options', 'nest/decorators', 'nest/enhancers'],
      'nest/providers',
    ],
    hall: false,
  },
  {
    folder: 'nest/commands',
    is: 'a call of a command, from its request to its result',
    rooms: ['nest/setup', 'nest/decorators', 'nest/enhancers', 'nest/params'],
    hall: false,
  },
  {
    folder: 'nest/explore',
    is: 'finds the services at the start, binds their commands, registers them',
    rooms: [
      ...['nest/setup', 'nest/options', 'nest/registration', 'nest/decorators'],
      ...['nest/enhancers', 'nest/params', 'nest/providers', 'nest/commands'],
    ],
    hall: false,
  },
  {
    folder: 'nest/hosts',
    is: 'puts endpoints and backends on servers: the adapter, upgrades, shutdown',
    rooms: ['nest/setup', 'nest/options', 'nest/registration', 'nest/gateway'],
    hall: false,
  },
  {
    folder: 'services/pubsub',
    is: 'publish and subscribe',
    rooms: [],
  },
  {
    folder: 'services/datasync',
    is: 'live data that follows a database',
    rooms: [],
  },
  {
    folder: 'services/datasync/filter',
    is: 'filters: parsed, compiled, indexed',
    rooms: [],
    hall: false,
    imports: ['protocol', 'broker', 'core'],
    nest: false,
  },
  {
    folder: 'services/datasync/dealers',
    is: 'which rows belong to which query',
    rooms: ['services/datasync/filter'],
    hall: false,
  },
  {
    folder: 'services/datasync/models',
    is: 'how rows leave, and what is known of their fields',
    rooms: ['services/datasync/dealers', 'services/datasync/filter'],
    hall: false,
  },
  {
    folder: 'services/datasync/tokens',
    is: 'what is known under a token, who has it, and what takes it back',
    rooms: [],
    hall: false,
    imports: ['protocol', 'broker', 'core'],
    nest: false,
  },
  {
    folder: 'services/datasync/log',
    is: 'the log of changes: its entries, reading it, reading it again',
    rooms: ['services/datasync/tokens'],
    hall: false,
    imports: ['protocol', 'broker', 'core'],
    nest: false,
  },
  {
    folder: 'services/datasync/life',
    is: 'the life of a subscription: all that can happen to it, and what follows; pure',
    rooms: ['services/datasync/tokens'],
    hall: false,
    imports: ['protocol', 'broker'],
    nest: false,
  },
  {
    folder: 'services/datasync/delivery',
    is: 'what live subscriptions are sent: deltas, positions, notices',
    rooms: [
      'services/datasync/tokens',
      'services/datasync/dealers',
      'services/datasync/log',
      'services/datasync/life',
    ],
    hall: false,
    imports: ['protocol', 'broker', 'core'],
    nest: false,
  },
  {
    folder: 'services/datasync/holding',
    is: 'who holds which token here: carries lives out, asks the broker, reads the log',
    rooms: [
      'services/datasync/tokens',
      'services/datasync/log',
      'services/datasync/life',
      'services/datasync/delivery',
    ],
    imports: ['protocol', 'broker', 'core'],
    nest: false,
  },
  {
    folder: 'services/datasync/requests',
    is: 'what clients, backends and applications ask for, checked',
    rooms: ['services/datasync/tokens', 'services/datasync/holding'],
    hall: false,
    imports: ['protocol', 'broker', 'core'],
    nest: false,
  },
  {
    folder: 'services/datasync/rest',
    is: '`@Subscribable()`: tokens over REST',
    rooms: [
      'services/datasync/tokens',
      'services/datasync/dealers',
      'services/datasync/requests',
    ],
  },
  {
    folder: 'client/connection',
    is: 'one socket after the other: when it comes back, and what waits meanwhile',
    rooms: [],
  },
  {
    folder: 'client/calls',
    is: 'calls of commands, and what is agreed on with the server',
    rooms: ['client/connection'],
  },
  {
    folder: 'client/live',
    is: 'live lists and items: fetched, followed, renewed, fetched again',
    rooms: ['client/connection', 'client/calls', 'client/collections'],
  },
  {
    folder: 'client/pubsub',
    is: 'channels: published to, listened to by many at once',
    rooms: ['client/connection', 'client/calls'],
  },
  {
    folder: 'client/people',
    is: 'chat, messages, cursors',
    rooms: ['client/calls'],
  },
  {
    folder: 'client/collections',
    is: 'arrays and items that follow deltas',
    rooms: [],
  },
];

/** @type {readonly Kind[]} */
export const KINDS = [
  {
    files: '**/*.engine.ts',
    layer: 'services',
    is: 'pure state: who gets what. It sends nothing',
    imports: ['protocol', 'broker', 'core'],
    nest: false,
  },
  {
    files: 'nest.ts',
    layer: 'backend',
    is: 'the module of the connector for servers',
    imports: ['protocol'],
    nest: true,
  },
];
