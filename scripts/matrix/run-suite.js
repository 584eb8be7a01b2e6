/** Runs one suite on one Node and one Nest, within its time. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { secondTry } from '../second-try.js';

/**
 * @typedef {{ passed: number, problems: readonly string[], notes: readonly string[], seconds: number }} Outcome
 */

/**
 * @param {import('./cells.js').Suite} suite
 * @param {{ binary: string, folder: string, id: string }} where
 * @returns {Promise<Outcome>}
 */
export async function runSuite(suite, { binary, folder, id }) {
  const results = join(folder, '.build', 'matrix-results');
  const report = join(results, `${id}.json`);
  const log = join(results, `${id}.log`);
  mkdirSync(results, { recursive: true });
  rmSync(report, { force: true });
  const output = openSync(log, 'w');
  const began = performance.now();
  const env = {
    ...process.env,
    PATH: `${dirname(binary)}${delimiter}${process.env['PATH']}`,
  };
  const child = spawn(
    binary,
    [
      '--disable-warning=ExperimentalWarning',
      '--experimental-vm-modules',
      'node_modules/jest/bin/jest.js',
      ...suite.paths,
      ...(suite.ignore === undefined
        ? []
        : [`--testPathIgnorePatterns=${suite.ignore}`]),
      '--ci',
      '--json',
      `--outputFile=${report}`,
    ],
    {
      cwd: folder,
      // A group of its own, so that every process that it starts ends with it.
      detached: true,
      env,
      stdio: ['ignore', output, output],
    },
  );
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // The process has just ended by itself.
    }
  }, suite.limit * 1000);
  const [code] = await once(child, 'exit');
  clearTimeout(timer);
  closeSync(output);
  const seconds = (performance.now() - began) / 1000;
  const again = late ? [] : secondTry(report, { binary, folder, env });
  const outcome = outcomeOf(report);
  const problems = [...outcome.problems];
  if (late) problems.push(`did not end within ${suite.limit} s`);
  else if (code !== 0 && problems.length === 0 && again.length === 0)
    problems.push(`ended with ${code}`);
  if (outcome.passed === 0) problems.push('no test passed');
  if (problems.length > 0) problems.push(`the log is ${log}`);
  const notes = [
    ...again.map((file) => `Passed at the second try: ${file}`),
    ...notApplicableIn(log),
  ];
  return { ...outcome, problems, notes, seconds };
}

/**
 * What jest's report says.
 *
 * @param {string} path
 * @param {(file: string) => boolean} [counts] Which files.
 */
export function outcomeOf(path, counts = () => true) {
  if (!existsSync(path)) {
    return { passed: 0, problems: ['there is no report'], seconds: 0 };
  }
  const { testResults } = JSON.parse(readFileSync(path, 'utf8'));
  let passed = 0;
  let seconds = 0;
  const problems = [];
  for (const file of testResults) {
    const { name, status, message, assertionResults } = file;
    if (!counts(name)) continue;
    seconds += (file.endTime - file.startTime) / 1000;
    if (status === 'failed' && assertionResults.length === 0) {
      problems.push(`${name} could not be run: ${message.slice(0, 500)}`);
    }
    for (const { status: how, fullName } of assertionResults) {
      if (how === 'passed') passed++;
      else problems.push(`${how}: ${fullName}`);
    }
  }
  return { passed, problems, seconds };
}

/** @param {string} log */
function notApplicableIn(log) {
  const lines = readFileSync(log, 'utf8').match(/^Not applicable: .*$/gm) ?? [];
  return [...new Set(lines)];
}
