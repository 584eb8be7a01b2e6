import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';

import { client } from './client.js';
import { datasync } from './datasync.js';
import { fanout } from './fanout.js';
import type { Context, Group, GroupResult } from './group.js';
import { idle } from './idle.js';
import { buildLoadGenerator } from './load-process.js';
import { memory } from './memory.js';
import { type Options, parseOptions, USAGE } from './options.js';
import { formatRequirements, formatTable, judge } from './report.js';
import { rpc } from './rpc.js';

/**
 * The groups, in the order in which they run. A new group has a file of its own
 * and a line here.
 */
const GROUPS: readonly Group[] = [rpc, fanout, memory, datasync, client, idle];

const BUILD = new URL('./', import.meta.url);

function chosenGroups({ groups }: Options): readonly Group[] {
  if (groups.length === 0) return GROUPS;
  return groups.map((name) => {
    const group = GROUPS.find((known) => known.name === name);
    if (group !== undefined) return group;
    const names = GROUPS.map((known) => known.name).join(', ');
    throw new Error(`no group "${name}"; there are: ${names}`);
  });
}

/** Where and how the figures were made. Without this they mean nothing. */
function environment(context: Context): Record<string, string | number> {
  return {
    date: new Date().toISOString(),
    node: process.version,
    cpus: availableParallelism(),
    cpu: cpus()[0]?.model ?? 'unknown',
    busy: `load average ${loadavg()[0]?.toFixed(1)} at the start`,
    load: context.generator.kind,
    rounds: context.quick ? 'quick' : 'full',
  };
}

async function main(options: Options): Promise<void> {
  const groups = chosenGroups(options);
  const context: Context = {
    generator: buildLoadGenerator(),
    quick: options.quick,
    peers: options.peers,
    profile: options.profile
      ? fileURLToPath(new URL('profiles', BUILD))
      : undefined,
  };
  if (context.profile !== undefined)
    mkdirSync(context.profile, { recursive: true });
  const about = environment(context);
  for (const [name, value] of Object.entries(about))
    console.log(`${name.padEnd(7)} ${value}`);
  console.log('Medians of the rounds (least-greatest); peers run in turns.');

  const results: Record<string, GroupResult> = {};
  for (const group of groups) {
    console.error(`... ${group.name}`);
    try {
      const result = (results[group.name] = await group.run(context));
      for (const table of result.tables) console.log(`\n${formatTable(table)}`);
    } catch (error) {
      // The figures of the other groups are worth having anyway.
      console.error(`\n${group.name} failed:`, error);
      process.exitCode = 1;
    }
  }

  const requirements = Object.values(results).flatMap(
    (result) => result.requirements,
  );
  console.log(`\n${formatRequirements(requirements)}`);
  const file = options.json ?? fileURLToPath(new URL('results.json', BUILD));
  const judged = requirements.map((requirement) => ({
    ...requirement,
    verdict: judge(requirement),
  }));
  writeFileSync(
    file,
    JSON.stringify({ about, results, requirements: judged }, null, 2) + '\n',
  );
  console.log(`\nresults in ${file}`);
  if (options.check && judged.some(({ verdict }) => verdict === 'MISSED'))
    process.exitCode = 1;
}

try {
  await main(parseOptions(process.argv.slice(2)));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.error(USAGE);
  process.exitCode = 1;
}
