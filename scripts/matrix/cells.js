/**
 * What is tested on which Node and which Nest. Not every pair: the code that
 * meets Node is not the code that meets Nest.
 */

/**
 * @typedef {{ name: string, paths: readonly string[], ignore?: string, limit: number }} Suite
 * `limit` in seconds.
 * @typedef {{ node: string, nest: 'lowest' | 'locked' | 'latest', suites: readonly Suite[] }} Cell
 */

/** @type {Suite} */
const NEST = {
  name: 'nest',
  paths: ['test/nest/'],
  ignore: '/nest/(gateway|hosts)/|/setup/copies',
  limit: 120,
};

/** @type {Suite} */
const CONNECTIONS = {
  name: 'connections',
  paths: ['test/nest/gateway/', 'test/nest/hosts/', 'test/nest/setup/copies'],
  limit: 120,
};

/** @type {Suite} */
const TRANSPORTS = {
  name: 'transports',
  paths: ['test/transports/'],
  ignore: '/(hostile|slow)-',
  limit: 120,
};

/** What takes long, and knows no Nest. @type {readonly Suite[]} */
const LOAD = [
  {
    name: 'transports under attack',
    paths: ['test/transports/hostile-'],
    limit: 120,
  },
  {
    name: 'transports of slow clients',
    paths: ['test/transports/slow-'],
    limit: 120,
  },
];

/** @type {Suite} */
const WHOLE = { name: 'everything', paths: [], limit: 1800 };

/** The lowest of the first line of `engines`, and the newest of each since. */
const NODES = ['20.19', '22', '24', '26'];
/** The lowest of the second line of `engines`. */
const LOWEST_22 = '22.12.0';

/**
 * What every change is tested on: each Node line and each end of the range of
 * Nest once. The first is the whole run itself, on a machine that has this Node.
 *
 * @type {readonly Cell[]}
 */
export const CI_CELLS = [
  {
    node: '20.19',
    nest: 'locked',
    suites: [NEST, CONNECTIONS, TRANSPORTS, ...LOAD],
  },
  { node: LOWEST_22, nest: 'lowest', suites: [NEST, CONNECTIONS, TRANSPORTS] },
  { node: '24', nest: 'locked', suites: [NEST, CONNECTIONS, TRANSPORTS] },
  {
    node: '26',
    nest: 'latest',
    suites: [NEST, CONNECTIONS, TRANSPORTS, ...LOAD],
  },
];

/** Everything on all of them: hours. @type {readonly Cell[]} */
export const ALL_CELLS = [...NODES, LOWEST_22].flatMap((node) =>
  /** @type {const} */ (['lowest', 'locked', 'latest']).map((nest) => ({
    node,
    nest,
    suites: [WHOLE],
  })),
);
