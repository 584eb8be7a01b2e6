/**
 * Prints the path of a browser for the tests of `test/browser`. If there is
 * none, it installs Debian's, but only as root or in CI: developers decide what
 * is installed on their machines.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NAMES = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
];

const APPLICATIONS = [
  'Chromium.app/Contents/MacOS/Chromium',
  'Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** Where browsers are installed that are not on the PATH. */
const USUAL_PLACES = [
  ...['/usr/bin', '/usr/local/bin', '/snap/bin'].flatMap((directory) =>
    NAMES.map((name) => join(directory, name)),
  ),
  '/opt/google/chrome/chrome',
  ...['/Applications', join(homedir(), 'Applications')].flatMap((directory) =>
    APPLICATIONS.map((name) => join(directory, name)),
  ),
];

const COMMANDS = [
  'apt-get update',
  'apt-get install -y --no-install-recommends chromium fonts-liberation',
];

const INSTALLATION = COMMANDS.join(' && ');

const BY_HAND = COMMANDS.map((command) => `sudo ${command}`).join(' && ');

/** The path of a browser that is installed, if there is one. */
export function findChromium(
  environment = process.env,
  usualPlaces = USUAL_PLACES,
) {
  const named = environment.CHROMIUM;
  if (named) {
    if (isProgram(named)) return named;
    throw new Error(
      `CHROMIUM is "${named}", which cannot be run: set it to the path of a ` +
        'Chromium or Chrome, or unset it.',
    );
  }
  const onPath = directoriesOf(environment).flatMap((directory) =>
    NAMES.map((name) => join(directory, name)),
  );
  return [...onPath, ...usualPlaces].find(isProgram);
}

/**
 * The path of a browser, which is installed first if that is needed, possible
 * and wanted.
 */
export function ensureChromium(
  environment = process.env,
  usualPlaces = USUAL_PLACES,
  root = process.getuid?.() === 0,
) {
  const found = findChromium(environment, usualPlaces);
  if (found !== undefined) return found;
  const problem = install(environment, root);
  const installed = findChromium(environment, usualPlaces);
  if (installed !== undefined) return installed;
  throw new Error(
    `There is no Chromium, and ${problem ?? 'its package has none'}: install ` +
      'Chromium or Chrome, or set CHROMIUM to the path of one.',
  );
}

/** Installs a browser. Returns the problem, if there was one. */
function install(environment, root) {
  const has = (program) =>
    directoriesOf(environment).some((path) => isProgram(join(path, program)));
  if (!has('apt-get')) return 'there is no apt-get to install it';
  if (!root && !isCi(environment)) {
    return `only for root and in CI it is installed unasked (by hand: ${BY_HAND})`;
  }
  if (!root && !run(environment, 'sudo', '-n', 'true')) {
    return `only root may install it (${BY_HAND})`;
  }
  // One at a time: several processes of the tests may do this at once.
  const command = [
    ...(root ? [] : ['sudo', '-n']),
    'flock',
    import.meta.dirname,
    '/bin/sh',
    '-c',
    `export DEBIAN_FRONTEND=noninteractive; command -v chromium >/dev/null || { ${INSTALLATION}; }`,
  ];
  return run(environment, ...command)
    ? undefined
    : `"${INSTALLATION}" has failed`;
}

function isCi({ CI = '' }) {
  return CI !== '' && CI !== 'false';
}

function run(environment, program, ...args) {
  const { status } = spawnSync(program, args, {
    env: environment,
    // Standard output has only the path.
    stdio: ['ignore', 2, 2],
  });
  return status === 0;
}

function directoriesOf({ PATH = '' }) {
  return PATH.split(delimiter).filter((directory) => directory !== '');
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    console.log(ensureChromium());
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
