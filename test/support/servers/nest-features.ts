import { readFileSync, writeSync } from 'node:fs';

/** What tests use of Nest that its oldest supported version does not have yet. */
const SINCE = {
  /** A Web `Response` as the answer of a route, on Express. */
  webResponse: ['platform-express', '12.4.0'],
  /** A test may override a provider with `undefined`: before, that did nothing. */
  undefinedOverride: ['core', '12.4.0'],
} as const;

/**
 * Whether the Nest that is installed has a feature. Where it has not, a line
 * says which tests do not apply: there is no other trace of them.
 *
 * @param tests Those that need it, in words.
 */
export function nestHas(feature: keyof typeof SINCE, tests: string): boolean {
  const [name, since] = SINCE[feature];
  const { version } = JSON.parse(
    readFileSync(
      new URL(
        `../../../node_modules/@nestjs/${name}/package.json`,
        import.meta.url,
      ),
      'utf8',
    ),
  ) as { version: string };
  if (isAtLeast(version, since)) return true;
  // Not by `console`, around whose lines Jest puts others.
  writeSync(
    2,
    `Not applicable: ${tests} (${feature} needs @nestjs/${name} ${since}, this is ${version})\n`,
  );
  return false;
}

function isAtLeast(version: string, since: string): boolean {
  return (
    version.localeCompare(since, 'en', {
      numeric: true,
      sensitivity: 'base',
    }) >= 0
  );
}
