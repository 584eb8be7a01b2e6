/**
 * Tests on other versions of Node and Nest, one cell after the other, and tells
 * what each has passed. A cell that cannot be set up has failed.
 *
 *     node scripts/matrix/main.js        the cells that every change is tested on
 *     node scripts/matrix/main.js all    everything on all of them: hours
 *
 * `--only=lowest` takes those whose title has the part. `--report=FILE` is jest's
 * report of a whole run on this machine's Node and the locked Nest: the cell that
 * this has been is read off it.
 */
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { ALL_CELLS, CI_CELLS } from './cells.js';
import { outcomeOf, runSuite } from './run-suite.js';
import { nestVersions, setUpNest, setUpNode } from './set-up.js';

const {
  values: { only = '', report },
  positionals: [which = 'ci'],
} = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string' }, report: { type: 'string' } },
});
const nodes = new Map();
const nests = new Map();
const failed = [];

for (const cell of which === 'all' ? ALL_CELLS : CI_CELLS) {
  const title = `node ${cell.node}, ${cell.nest} Nest`;
  if (!title.includes(only)) continue;
  if (report !== undefined && isOwn(cell)) {
    for (const suite of cell.suites) {
      const { passed, problems, seconds } = outcomeOf(report, belongsTo(suite));
      const [core] = nestVersions(process.cwd());
      const versions = `Node ${process.version.slice(1)}, Nest ${core}, ${seconds.toFixed(0)} s`;
      tell(
        `${title}: ${suite.name}`,
        `${versions}, in the whole run`,
        passed,
        problems,
      );
    }
    continue;
  }
  try {
    const binary = once(nodes, cell.node, () => setUpNode(cell.node));
    const folder = once(nests, cell.nest, () => setUpNest(cell.nest));
    const node = String(execFileSync(binary, ['--version']))
      .trim()
      .slice(1);
    const [core, websockets] = nestVersions(folder);
    const versions = `Node ${node}, Nest ${core}, websockets ${websockets}`;
    for (const suite of cell.suites) {
      const id = `${title} ${suite.name}`.replaceAll(/[^\w.]+/g, '-');
      const outcome = await runSuite(suite, { binary, folder, id });
      const { passed, problems, notes, seconds } = outcome;
      const took = `${versions}, ${seconds.toFixed(0)} s`;
      tell(`${title}: ${suite.name}`, took, passed, problems);
      for (const line of notes) console.log(`    ${line}`);
    }
  } catch (error) {
    tell(title, 'could not be set up', 0, [String(error)]);
  }
}

console.log(
  failed.length === 0 ? 'All cells passed' : `Failed: ${failed.join('; ')}`,
);
if (failed.length > 0) process.exitCode = 1;

/** Whether the whole run was this cell. @param {import('./cells.js').Cell} cell */
function isOwn({ node, nest }) {
  const [major] = process.versions.node.split('.');
  return nest === 'locked' && node.split('.')[0] === major;
}

/** @param {import('./cells.js').Suite} suite */
function belongsTo({ paths, ignore }) {
  return (file) =>
    paths.some((path) => file.includes(path)) &&
    (ignore === undefined || !new RegExp(ignore).test(file));
}

/**
 * @param {string} name @param {string} how @param {number} passed
 * @param {readonly string[]} problems
 */
function tell(name, how, passed, problems) {
  const ok = problems.length === 0 && passed > 0;
  if (!ok) failed.push(name);
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${name} (${how}): ${passed} passed`);
  for (const problem of problems.slice(0, 20)) console.log(`    ${problem}`);
}

/** Makes a thing when it is first needed, and once. An error is remembered too. */
function once(made, key, make) {
  if (!made.has(key)) {
    try {
      made.set(key, { value: make() });
    } catch (error) {
      made.set(key, { error });
    }
  }
  const { value, error } = made.get(key);
  if (error !== undefined) throw error;
  return value;
}
