import { createRequire } from 'node:module';
import { setupError } from './setup-errors.js';

/**
 * The oldest Nest that works, as in the peer dependencies: its container makes
 * the guards of a class that is provided under another token.
 */
const FLOOR = '12.2.0';

/**
 * Stops the start on a Nest that is too old. In a bundle the version cannot be
 * read. An enhancer that is declared and not bound then stops the start by
 * itself.
 *
 * @param versionOf Reads the version of a package; undefined if it cannot.
 * @throws SnorkySetupError
 */
export function checkNestVersion(
  versionOf: (name: string) => string | undefined = installedVersion,
): void {
  for (const name of ['@nestjs/core', '@nestjs/common']) {
    const found = versionOf(name);
    if (found !== undefined && isBelow(found, FLOOR)) {
      throw setupError('SNORKY_NEST_OLD', name, found, FLOOR);
    }
  }
}

function installedVersion(name: string): string | undefined {
  try {
    const require = createRequire(import.meta.url);
    const { version } = require(`${name}/package.json`) as {
      version?: unknown;
    };
    return typeof version === 'string' ? version : undefined;
  } catch {
    return undefined;
  }
}

/** Compares the three numbers of a version; any suffix is ignored. */
function isBelow(found: string, floor: string): boolean {
  const [a, b] = [found, floor].map((version) =>
    (/^(\d+)\.(\d+)\.(\d+)/.exec(version) ?? []).slice(1).map(Number),
  ) as [number[], number[]];
  for (const [index, least] of b.entries()) {
    const part = a[index];
    if (part === undefined) return false;
    if (part !== least) return part < least;
  }
  return false;
}
