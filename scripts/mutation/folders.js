/**
 * What can be tried: a folder of the source, and the spec files that it is tried on,
 * the nearest first. A mutant ends with the first test that fails, so the order is
 * a matter of time alone.
 */

/**
 * Floods and the like take minutes, and end in time outs where the machine is busy:
 * a mutant would be killed by the load.
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
    // A mutant is switched on in one process; these start others.
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
    // They compile projects, which sees types and no mutant.
    leaveOut: [...SLOW, 'test/client/types'],
  },
};
