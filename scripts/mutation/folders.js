/**
 * The folders of the source that can be tried, each with the spec files that it
 * is tried on, the nearest first. A mutant ends with the first test that fails,
 * so the order only matters for the time.
 */

/**
 * Tests that flood a server take minutes, and time out on a busy machine: the
 * load would then kill the mutant.
 */
const SLOW = [
  'test/transports/hostile-',
  'test/transports/slow-clients',
  'test/e2e/churn',
];

/** @typedef {{ specs: readonly string[], leaveOut: readonly string[] }} Folder */

/** @type {Readonly<Record<string, Folder>>} */
export const FOLDERS = {
  'src/transports': {
    specs: [
      'test/transports/webhook',
      'test/transports/http',
      'test/transports/websocket',
      'test/transports',
      'test/nest/hosts',
      'test/nest/gateway',
      'test/e2e',
      'test/conformance',
    ],
    // A mutant is switched on in one process only; these tests start others.
    leaveOut: [...SLOW, 'test/nest/hosts/signal', 'test/nest/hosts/processes'],
  },
  'src/services/datasync': {
    specs: [
      'test/services/datasync/filter',
      'test/services/datasync/life',
      'test/services/datasync/tokens',
      'test/services/datasync',
      'test/docs/protocol.spec.ts',
      'test/testing',
      'test/e2e',
      'test/conformance',
      'test/client/live',
    ],
    leaveOut: SLOW,
  },
  'src/client': {
    specs: ['test/client', 'test/testing', 'test/e2e'],
    // These compile projects, which checks types and runs no mutant.
    leaveOut: [...SLOW, 'test/client/types'],
  },
};
