/**
 * Runs test files that have failed once more, each alone, and puts what came of
 * it into jest's report. Some tests drown a server in what it must bear: beside
 * others, on a machine that is busy, they can run out of their time. What fails
 * twice has failed; what passes at its second try is told.
 *
 *     node scripts/second-try.js REPORT
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** More files than this have not failed for want of time. */
const MOST = 6;
/** Milliseconds for a file. */
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

/** Has a file count as it came out the second time. */
function replace(all, first, second) {
  const count = (how) =>
    first.assertionResults.filter(({ status }) => status === how).length;
  all.testResults[all.testResults.indexOf(first)] = second.testResults[0];
  all.numFailedTests -= count('failed');
  all.numPassedTests += second.numPassedTests - count('passed');
  all.numFailedTestSuites--;
  all.numPassedTestSuites++;
  // One that could not be run has no tests.
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
