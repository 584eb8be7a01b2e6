import { readFileSync } from 'node:fs';
import type { CaseFile, WireCase } from './runner/case-format.js';

/** The wire cases of the given groups, the shared ones first. */
export function casesOf(...groups: readonly string[]): WireCase[] {
  return FILES.flatMap((name) => read(name).cases).filter(({ group }) =>
    groups.includes(group),
  );
}

const FILES = [
  ...['cases.json', 'more-cases.json'],
  ...['negotiation-cases.json', 'datasync-cases.json'],
];

function read(name: string): CaseFile {
  const file = new URL(name, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as CaseFile;
}
