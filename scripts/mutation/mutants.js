/**
 * Makes the mutants of a folder, and sources that contain all of them, switched
 * off.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Instrumenter } from '@stryker-mutator/instrumenter';
import { EQUIVALENT } from './equivalent.js';

/**
 * @typedef {{
 *   id: string, file: string, line: number, source: string, mutator: string, before: string, after: string,
 * }} Mutant
 */

const OPTIONS = { plugins: null, ignorers: [], excludedMutations: [] };

const SILENT = { debug() {}, info() {}, isDebugEnabled: () => false };

/**
 * @param {string} folder
 * @param {string} into the folder for the sources
 * @returns {Promise<{ mutants: Mutant[], stale: string[] }>}
 */
export async function makeMutants(folder, into) {
  const files = filesUnder(folder, '.ts').map((name) => ({
    name,
    mutate: true,
    content: readFileSync(name, 'utf8'),
  }));
  const contents = new Map(files.map(({ name, content }) => [name, content]));
  const made = await new Instrumenter(SILENT).instrument(files, OPTIONS);
  for (const { name, content } of made.files) {
    const path = join(into, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  const mutants = made.mutants
    .map((mutant) => described(mutant, contents.get(mutant.fileName)))
    .filter((mutant) => !isSentence(mutant));
  return withoutEquivalent(mutants, folder);
}

/**
 * The files of a folder and of the folders in it, in the same order on all
 * machines.
 */
export function filesUnder(folder, ending) {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((name) => name.endsWith(ending))
    .sort();
}

function described({ id, fileName, location, mutatorName, replacement }, text) {
  const lines = text.split('\n');
  const { start, end } = location;
  const inside = lines.slice(start.line, end.line + 1);
  inside[inside.length - 1] = inside.at(-1).slice(0, end.column);
  inside[0] = inside[0].slice(start.column);
  return {
    id,
    file: fileName,
    line: start.line + 1,
    source: lines[start.line].trim(),
    mutator: mutatorName,
    before: oneLine(inside.join('\n')),
    after: oneLine(replacement),
  };
}

function oneLine(text) {
  return text.replaceAll(/\s+/g, ' ');
}

/**
 * Whether a mutant changes a sentence. Sentences are tested where they are
 * promised. An empty one in the log, or in an error of a set-up, tells nothing
 * about the tests.
 */
function isSentence({ mutator, before }) {
  return mutator === 'StringLiteral' && /\s/.test(before);
}

function withoutEquivalent(mutants, folder) {
  const fits = (row, mutant) =>
    mutant.file === row.file &&
    mutant.source === row.source &&
    mutant.before === row.before &&
    mutant.after === row.after;
  const rows = EQUIVALENT.filter(({ file }) => file.startsWith(`${folder}/`));
  return {
    mutants: mutants.filter((mutant) => !rows.some((row) => fits(row, mutant))),
    stale: rows
      .filter((row) => !mutants.some((mutant) => fits(row, mutant)))
      .map(({ file, source, after }) => `${file}: ${source}: ${after}`),
  };
}
