import Sequencer from '@jest/test-sequencer';
import { relative } from 'node:path';

/**
 * The files that take longest, the longest first. Jest knows the times of its last
 * run; of a fresh copy it knows nothing, takes large files for long ones, and would
 * begin some of these last, when only one of its workers still has something to do.
 */
export const LONGEST = [
  'test/package/tarball.spec.ts',
  'test/browser/recovery.spec.ts',
  'test/browser/two-windows.spec.ts',
  'test/transports/slow-clients.spec.ts',
  'test/transports/hostile-bursts.spec.ts',
  'test/examples/todo/process.spec.ts',
  'test/browser/looks.spec.ts',
  'test/browser/bad-lines.spec.ts',
  'test/values/shared-references.spec.ts',
  'test/browser/cuts.spec.ts',
  'test/client/types/types.spec.ts',
  'test/examples/announcements.spec.ts',
  'test/examples/todo/postgres.spec.ts',
  'test/client/types/declared.spec.ts',
  'test/browser/tokens.spec.ts',
  'test/client/browser-file/documentation.spec.ts',
  'test/conformance/replay.spec.ts',
  'test/docs/samples.spec.ts',
  'test/services/datasync/filter/filter-index.spec.ts',
  'test/services/datasync/datasync.engine.spec.ts',
  'test/transports/hostile-frames.spec.ts',
  'test/values/hostile-values.spec.ts',
  'test/conformance/http-hosts.spec.ts',
  'test/client/browser-file/global.spec.ts',
  'test/examples/todo/deltas.spec.ts',
  'test/client/types/collections.spec.ts',
  'test/transports/hostile-http.spec.ts',
  'test/docs/declared-samples.spec.ts',
  'test/docs/client-samples.spec.ts',
  'test/browser/announcements.spec.ts',
  'test/nest/hosts/processes.spec.ts',
  'test/nest/setup/copies.spec.ts',
];

/** @typedef {import('@jest/test-result').Test} Test */

/** Begins with the files that take longest, so that no worker waits for one at the end. */
export default class LongestFirst extends Sequencer {
  /** @override @param {Test[]} tests */
  sort(tests) {
    const sorted = super.sort(tests);
    /** @param {Test} test */
    const place = ({ path, context, duration }) => {
      const name = relative(context.config.rootDir, path).replaceAll('\\', '/');
      // A file with a measured time is in its place already.
      return duration === undefined ? LONGEST.indexOf(name) : -1;
    };
    const known = sorted.filter((test) => place(test) >= 0);
    const others = sorted.filter((test) => place(test) < 0);
    return [...known.sort((a, b) => place(a) - place(b)), ...others];
  }
}
