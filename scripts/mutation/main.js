/**
 * Finds out how many small faults the tests notice. Each mutant is a fault; a
 * mutant that no test fails with has survived.
 *
 *     npm run mutation -- src/transports                 every mutant: hours
 *     npm run mutation -- src/client/live --sample 200   some, by a seed that is told
 *     npm run mutation -- src/client --again             those that the last run left
 *
 * `--seed 7` takes the same sample again, `--specs live` only spec files with that in
 * their path, `--workers 2` two of them at a time. Ends with 1 under 90 %.
 */
import {
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { FOLDERS } from './folders.js';
import { filesUnder, makeMutants } from './mutants.js';
import { sampleOf } from './sample.js';
import { SpecTrial } from './spec-trial.js';
import { survivorsOf, tableOf } from './table.js';

const ENOUGH = 0.9;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sample: { type: 'string' },
    seed: { type: 'string' },
    specs: { type: 'string', default: '' },
    workers: { type: 'string', default: '1' },
    again: { type: 'boolean', default: false },
  },
});
const wanted = (positionals[0] ?? '').replace(/\/$/, '');
const folder = Object.keys(FOLDERS).find(
  (name) => wanted === name || wanted.startsWith(`${name}/`),
);
if (folder === undefined) {
  console.error(
    `One of these, or what is in it: ${Object.keys(FOLDERS).join(', ')}`,
  );
  process.exit(2);
}

const home = join('.build/mutation', folder.replaceAll('/', '-'));
const results = join(home, 'results.json');
const where = {
  sources: join(process.cwd(), home),
  log: join(home, 'jest.log'),
};
const last = existsSync(results)
  ? JSON.parse(readFileSync(results, 'utf8'))
  : [];
rmSync(home, { recursive: true, force: true });
mkdirSync(home, { recursive: true });
// A run that is stopped early keeps the results of the one before.
writeFileSync(results, JSON.stringify(last));

const { mutants, stale } = await makeMutants(folder, where.sources);
for (const line of stale) console.log(`No such mutant any more: ${line}`);
const inPart = mutants.filter(
  ({ file }) => file === wanted || file.startsWith(`${wanted}/`),
);
const seed = Number(values.seed ?? Math.floor(Math.random() * 1e6));
const chosen = choose();
console.log(`${chosen.length} of ${inPart.length} mutants of ${wanted}`);

const specs = specsOf(FOLDERS[folder]);
const trials = [];
// A process in an endless loop does not notice that its parent has ended.
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    for (const [, trial] of trials) trial.end();
    process.exit(2);
  });
}
await inParallel(specs, async (spec) => {
  const trial = new SpecTrial(spec, where);
  trials.push([spec, trial]);
  await tryAll(spec, trial, 'tryQuick', () => trial.look());
});
await inParallel(trials, ([spec, trial]) =>
  tryAll(spec, trial, 'tryThoroughly'),
);

console.log(survivorsOf(chosen));
const { text, share } = tableOf(chosen, inPart.length);
console.log(text);
if (values.sample !== undefined) console.log(`The sample has the seed ${seed}`);
process.exit(share < ENOUGH ? 1 : 0);

function choose() {
  if (!values.again) {
    return sampleOf(inPart, Number(values.sample ?? Infinity), seed);
  }
  const key = ({ file, before, after, line }) =>
    [file, line, before, after].join();
  const left = new Set(
    last.filter(({ outcome }) => outcome === undefined).map(key),
  );
  return inPart.filter((mutant) => left.has(key(mutant)));
}

function specsOf({ specs: folders, leaveOut }) {
  const all = folders.flatMap((name) =>
    name.endsWith('.spec.ts') ? name : filesUnder(name, '.spec.ts'),
  );
  return [...new Set(all)]
    .filter((name) => !leaveOut.some((start) => name.startsWith(start)))
    .filter((name) => name.includes(values.specs));
}

/** Does several at a time, in order. */
async function inParallel(list, act) {
  const left = list.values();
  const work = async () => {
    for (const each of left) await act(each);
  };
  await Promise.all(Array.from({ length: Number(values.workers) }, work));
}

/** Tries all mutants that no other spec file has killed. */
async function tryAll(spec, trial, how, first) {
  const left = chosen.filter(({ outcome }) => outcome === undefined);
  const began = performance.now();
  try {
    const problem = await first?.();
    if (problem !== undefined) console.log(`  ${spec}: ${problem}`);
    for (const mutant of left) {
      // Another worker may have killed it first.
      if (mutant.outcome === undefined) await trial[how](mutant);
    }
  } finally {
    trial.end();
  }
  const ended = left.filter(({ outcome }) => outcome !== undefined).length;
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  console.log(`  ${spec}: ${ended} of ${left.length} have ended, ${seconds} s`);
  writeFileSync(results, JSON.stringify(chosen, undefined, 1));
}
