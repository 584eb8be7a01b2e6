import { createRequire } from 'node:module';
import { setupError } from './setup-errors.js';

/**
 * The first Nest whose container makes the guards of a class that is provided
 * under another token: as in the peer dependencies.
 */
const FLOOR = '12.2.0';

/**
 * Stops the start on a Nest that is too old. Where its version cannot be read,
 * as in a bundle, what is written and not bound stops the start by itself.
 *
 * @param versionOf Reads the version of a package; undefined: it cannot.
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

/** Compares the three numbers; what comes after them does not count. */
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
