// Writes what is made from the table of layers: the import rules of
// `.oxlintrc.json`, and the tables of CONTRIBUTING. With `--check` it writes
// nothing, and fails where one of them is not as the table says, or where a test
// reads a private member.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { importRules } from './import-rules.js';
import { privateReads } from './private-reads.js';
import { tables } from './tables.js';

const ROOT = join(import.meta.dirname, '../..');

/**
 * The rules that are written by hand stay as they are; those about the imports of
 * `src` are replaced.
 *
 * @param {string} text
 */
function withImportRules(text) {
  const config = JSON.parse(text);
  const made = (/** @type {{ files: string[], rules?: object }} */ one) =>
    one.files.every((files) => files.startsWith('src/')) &&
    'no-restricted-imports' in (one.rules ?? {});
  const byHand = config.overrides.filter(
    (/** @type {{ files: string[] }} */ one) => !made(one),
  );
  config.overrides = [...byHand, ...importRules()];
  return JSON.stringify(config);
}

/** @param {string} text */
function withTables(text) {
  let whole = text;
  for (const [name, table] of Object.entries(tables())) {
    const place = new RegExp(
      `(<!-- table: ${name} -->\\n)[^]*?(\\n<!-- end -->)`,
    );
    if (!place.test(whole)) {
      throw new Error(`CONTRIBUTING.md has no place for the table "${name}".`);
    }
    whole = whole.replace(
      place,
      (_all, start, end) => `${start}\n${table}\n${end}`,
    );
  }
  return whole;
}

/** @type {Readonly<Record<string, (text: string) => string>>} */
const FILES = {
  '.oxlintrc.json': withImportRules,
  'CONTRIBUTING.md': withTables,
};

/** Folders whose code sees of the source what others see. */
const OUTSIDE = ['test', 'harness'];

/** @returns {string[]} */
function readsOfPrivates() {
  return OUTSIDE.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.tsx?$/.test(name))
      .flatMap((name) => {
        const path = join(folder, name);
        const text = readFileSync(join(ROOT, path), 'utf8');
        return privateReads(path, text).map((read) => {
          return `${path}:${read.line} reads "${read.name}", which is private: look at what users, or other parts, see of it.`;
        });
      }),
  );
}

let stale = false;
for (const [name, make] of Object.entries(FILES)) {
  const path = join(ROOT, name);
  const text = readFileSync(path, 'utf8');
  const options = await resolveConfig(path);
  const parser = name.endsWith('.md') ? 'markdown' : 'json';
  const made = await format(make(text), { ...options, parser });
  if (made === text) continue;
  if (process.argv.includes('--check')) {
    stale = true;
    console.error(
      `${name} is not as scripts/lint/layers.js has it. Run: npm run lint:rules`,
    );
  } else {
    writeFileSync(path, made);
  }
}
const reads = process.argv.includes('--check') ? readsOfPrivates() : [];
for (const line of reads) console.error(line);
process.exitCode = stale || reads.length > 0 ? 1 : 0;
