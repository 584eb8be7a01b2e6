/** Installs other versions of Node and of Nest, in folders of their own. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDER = join(ROOT, '.build', 'matrix');
/**
 * Milliseconds for an npm command. A registry that does not answer must not
 * hold the run up.
 */
const PATIENCE = 300_000;

/**
 * Packages with the version of Nest itself; the other packages have versions of
 * their own.
 */
const WITH_CORE = ['common', 'core', 'platform-express', 'platform-fastify'];
const WITH_WEBSOCKETS = [
  'microservices',
  'platform-socket.io',
  'platform-ws',
  'testing',
  'websockets',
];

/**
 * Installs a Node.
 *
 * @param {string} version As npm takes it: `22`, `20.19`.
 * @returns {string} The path of its binary.
 */
export function setUpNode(version) {
  const name = `node-${process.platform}-${process.arch}`;
  const folder = join(FOLDER, `node-${version}`);
  const binary = join(folder, 'node_modules', name, 'bin', 'node');
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true });
    // The package's own scripts would only look for what is installed here
    // anyway.
    npm(folder, [
      'install',
      '--prefix=.',
      '--no-save',
      '--ignore-scripts',
      `${name}@${version}`,
    ]);
  }
  return binary;
}

/**
 * Copies the project and installs another Nest there. It cannot stand beside
 * the present one, because the packages are each other's peers.
 *
 * @param {'lowest' | 'locked' | 'latest'} which
 * @returns {string} The folder.
 */
export function setUpNest(which) {
  if (which === 'locked') return ROOT;
  const folder = join(FOLDER, `nest-${which}`);
  rmSync(folder, { recursive: true, force: true });
  const left = new Set(
    ['.build', '.git', 'coverage', 'dist', 'node_modules'].map((name) =>
      resolve(ROOT, name),
    ),
  );
  for (const name of COPIED) {
    if (!existsSync(join(ROOT, name))) continue;
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    cpSync(join(ROOT, name), join(folder, name), {
      recursive: true,
      filter: (source) => !left.has(resolve(source)),
    });
  }
  const { peerDependencies, devDependencies } = JSON.parse(
    readFileSync(join(ROOT, 'package.json'), 'utf8'),
  );
  const packages = [
    ...WITH_CORE.map((name) => [name, peerDependencies['@nestjs/core']]),
    ...WITH_WEBSOCKETS.map((name) => [
      name,
      peerDependencies['@nestjs/websockets'],
    ]),
  ].filter(([name]) => `@nestjs/${name}` in devDependencies);
  const exact = (range) => (which === 'lowest' ? range.slice(1) : range);
  npm(folder, [
    'install',
    '--save-exact',
    '--save-dev',
    ...packages.map(([name, range]) => `@nestjs/${name}@${exact(range)}`),
  ]);
  return folder;
}

/** The files that a suite may need. */
const COPIED = [
  'bench',
  'docs',
  'examples',
  'harness',
  'scripts',
  'src',
  'test',
  '.npmrc',
  '.oxlintrc.json',
  '.prettierrc',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'LICENSE',
  'README.md',
  'SECURITY.md',
  'jest.config.js',
  'nest-cli.json',
  'package-lock.json',
  'package.json',
  'tsconfig.apps.json',
  'tsconfig.build.client.json',
  'tsconfig.build.json',
  'tsconfig.client.json',
  'tsconfig.json',
];

/**
 * The versions of Nest's packages in a folder.
 *
 * @param {string} folder
 */
export function nestVersions(folder) {
  return ['core', 'websockets'].map((name) => {
    const file = join(folder, 'node_modules', '@nestjs', name, 'package.json');
    return JSON.parse(readFileSync(file, 'utf8')).version;
  });
}

/** @param {string} folder @param {readonly string[]} args */
function npm(folder, args) {
  execFileSync(
    'npm',
    [...args, '--no-audit', '--no-fund', '--loglevel=error'],
    {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
      timeout: PATIENCE,
    },
  );
}
