/**
 * Runs test files that have failed once more, each alone, and puts the result
 * into jest's report. Some tests flood a server; next to others, on a busy
 * machine, they can time out. A file that fails twice has failed; one that
 * passes the second time is reported.
 *
 *     node scripts/second-try.js REPORT
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** If more files than this have failed, the cause is not the time. */
const MOST = 6;
/** Milliseconds for one file. */
const LIMIT = 300_000;

/**
 * @param {string} report
 * @param {{ binary: string, folder: string, env?: NodeJS.ProcessEnv }} where
 * @returns {string[]} The files that have passed now.
 */
export function secondTry(report, { binary, folder, env = process.env }) {
  if (!existsSync(report)) return [];
  const all = JSON.parse(readFileSync(report, 'utf8'));
  const failed = all.testResults.filter(({ status }) => status === 'failed');
  if (failed.length > MOST) return [];
  const passed = [];
  for (const first of failed) {
    const own = `${report}.second`;
    rmSync(own, { force: true });
    spawnSync(
      binary,
      [
        '--disable-warning=ExperimentalWarning',
        '--experimental-vm-modules',
        'node_modules/jest/bin/jest.js',
        '--ci',
        '--json',
        `--outputFile=${own}`,
        '--runTestsByPath',
        first.name,
      ],
      { cwd: folder, env, stdio: 'ignore', timeout: LIMIT },
    );
    if (!existsSync(own)) continue;
    const second = JSON.parse(readFileSync(own, 'utf8'));
    if (!second.success) continue;
    replace(all, first, second);
    passed.push(relative(folder, first.name));
  }
  writeFileSync(report, JSON.stringify(all));
  return passed;
}

/** Replaces the result of a file by that of its second run. */
function replace(all, first, second) {
  const count = (how) =>
    first.assertionResults.filter(({ status }) => status === how).length;
  all.testResults[all.testResults.indexOf(first)] = second.testResults[0];
  all.numFailedTests -= count('failed');
  all.numPassedTests += second.numPassedTests - count('passed');
  all.numFailedTestSuites--;
  all.numPassedTestSuites++;
  // A file that could not be run has no tests.
  if (first.assertionResults.length === 0) all.numRuntimeErrorTestSuites--;
  all.success = all.numFailedTestSuites === 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [report = ''] = process.argv.slice(2);
  const where = { binary: process.execPath, folder: process.cwd() };
  for (const file of secondTry(report, where)) {
    console.log(`Passed at the second try: ${file}`);
  }
}
