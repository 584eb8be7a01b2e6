import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';

const examples = import.meta.dirname;

/**
 * The directory with an example's files for browsers, next to that of its code.
 */
export function publicDirectory(code: string): string {
  const beside = join(code, 'public');
  if (existsSync(beside)) return beside;
  // Compiled code is in `.build/examples`; these files are not copied there.
  const source = join(examples, '../../examples');
  return join(source, relative(examples, code), 'public');
}
