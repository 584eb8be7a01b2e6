/**
 * Makes the files for browsers of the compiled package in the working directory,
 * and tells what they, and parts of `snorky/client`, weigh. Fails when one has
 * grown too big; with `--any-size`, which is for what another compiler has made
 * than that of the package, it does not.
 *
 * Their syntax is that of ES2022, as of what else they need: browsers from the
 * middle of 2021 on. For ES2018 they would be a twentieth bigger.
 */
import { minify } from '@swc/core';
import { build, transform } from 'esbuild';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';

/**
 * What pages import of `snorky/client`, and how many bytes of it they may have
 * to load, minified and compressed: what docs/client.md says, too.
 */
const ENTRIES = [
  { what: 'calls', face: '{ Snorky, rpc }', limit: 5.3 * 1024 },
  {
    what: 'live rows',
    face: '{ Snorky, DataSync, liveCollection }',
    limit: 10.8 * 1024,
  },
  { what: 'everything', face: '*', limit: 15.2 * 1024 },
];
/** Everything with the global, and with classes for pages without syntax for them. */
const BROWSER_LIMIT = 15.7 * 1024;

/** Members that are shared by classes of the connector, and are nobody else's. */
const INTERNAL = /^\$[a-z]\w/i;
/** A dollar before any of them makes a name. */
const LETTERS =
  'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
/** Where the compiled connector is, from the working directory. */
const CLIENT = 'dist/client';

const { name, version, license } = JSON.parse(
  readFileSync('package.json', 'utf8'),
);

const browserFile = await makeBrowserFiles();
await shortenMembers(browserFile.readable);
const rows = [
  { ...browserFile, limit: BROWSER_LIMIT },
  ...(await Promise.all(ENTRIES.map(measure))),
];

print('bytes', 'readable', 'minified', 'gzipped', 'limit');
for (const { what, readable, minified, limit: given } of rows) {
  const limit = Math.floor(given);
  const sizes = [readable, minified].map((code) => Buffer.byteLength(code));
  const gzipped = gzipSync(minified, { level: 9 }).length;
  print(what, ...sizes, gzipped, limit);
  if (gzipped > limit && !process.argv.includes('--any-size')) {
    console.error(
      `${what}: ${gzipped} bytes are more than the limit of ${limit}. Make it ` +
        'smaller, or say in scripts/build-browser.js why it may be bigger.',
    );
    process.exitCode = 1;
  }
}

/** The global `Snorky`, to be read and to be served. */
async function makeBrowserFiles() {
  // By name: a bundler would keep a function for each member of a namespace.
  const index = await import(pathToFileURL(`${CLIENT}/index.js`).href);
  const face = Object.keys(index).join();
  const options = {
    stdin: {
      contents:
        `import { ${face} } from './${CLIENT}/index.js';\n` +
        `import { makeGlobal } from './${CLIENT}/browser.js';\n` +
        `makeGlobal({ ${face} });`,
      resolveDir: process.cwd(),
    },
    format: 'iife',
    banner: { js: `/*! ${name} ${version} | ${license} */` },
  };
  const readable = await bundle(options);
  write('dist/browser/snorky.js', readable.code, readable.map);

  const { code, map } = await bundle({
    ...options,
    mangleProps: INTERNAL,
    mangleCache: shortNames(readable.code),
  });
  const small = await shrink(code, {
    module: false,
    sourceMap: { filename: 'snorky.js', content: map },
  });
  write('dist/browser/snorky.min.js', small.code, small.map);
  return {
    what: 'snorky.js, snorky.min.js',
    readable: readable.code,
    minified: small.code,
  };
}

/**
 * A short name for each internal one, the shortest for those that are met most, with
 * a dollar: subclasses of connectors have members of their own. No such name is an
 * internal one, so that what is shortened twice is what it was.
 */
function shortNames(code) {
  const counts = new Map();
  for (const [name] of code.matchAll(/\$[a-z]\w+/gi)) {
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const names = [...counts].sort(([, left], [, right]) => right - left);
  return Object.fromEntries(names.map(([name], nth) => [name, shortName(nth)]));
}

/** Two dollars compress better than a second letter. */
function shortName(nth) {
  const more = nth - LETTERS.length;
  return more < 0 ? `$${LETTERS[nth]}` : `$$${LETTERS[more] ?? more}`;
}

/**
 * Shortens internal members in the modules themselves: bundlers of applications
 * cannot know that these are nobody else's. Source maps tell what they were.
 */
async function shortenMembers(readable) {
  const mangleCache = shortNames(readable);
  for (const path of readdirSync(CLIENT, { recursive: true })) {
    if (!path.endsWith('.js')) continue;
    const file = join(CLIENT, path);
    // esbuild reads the map of what it is given where it is a part of that.
    const inlined = existsSync(`${file}.map`)
      ? `\n//# sourceMappingURL=data:application/json;base64,${readFileSync(`${file}.map`, 'base64')}`
      : '';
    const plain = readFileSync(file, 'utf8').replace(
      /\/\/# sourceMappingURL=.*\s*$/,
      '',
    );
    const source = plain + inlined;
    const { code, map } = await transform(source, {
      mangleProps: INTERNAL,
      mangleCache,
      target: 'es2022',
      sourcemap: 'external',
      sourcefile: basename(file),
    });
    write(file, code, map);
  }
}

/**
 * What an application has in its bundle that uses only some of `snorky/client`:
 * esbuild's own minifier, since that is what others can repeat.
 */
async function measure({ what, face, limit }) {
  const options = {
    stdin: {
      contents: `export ${face} from './${CLIENT}/index.js'`,
      resolveDir: process.cwd(),
    },
    format: 'esm',
  };
  const { code: readable } = await bundle(options);
  const { code: minified } = await bundle({ ...options, minify: true });
  return { what: `${what}: ${face}`, readable, minified, limit };
}

async function bundle(options) {
  const { metafile, outputFiles } = await build({
    bundle: true,
    platform: 'browser',
    target: 'es2022',
    sourcemap: 'external',
    metafile: true,
    logLevel: 'error',
    write: false,
    // Source maps name their sources relative to this.
    outfile: 'dist/browser/snorky.js',
    ...options,
  });
  const foreign = Object.keys(metafile.inputs).filter(
    (path) => !/^(dist\/(client|protocol)\/|<stdin>$)/.test(path),
  );
  if (foreign.length > 0) {
    throw new Error(
      `The connector imports ${foreign.join(', ')}. It must need nothing else ` +
        'than src/client and src/protocol.',
    );
  }
  const [map, code] = outputFiles.map(({ text }) => text);
  return { code, map };
}

function shrink(code, options) {
  return minify(code, {
    ecma: 2022,
    compress: { passes: 3 },
    mangle: true,
    format: { comments: 'some' },
    ...options,
  });
}

function write(path, code, map) {
  mkdirSync(dirname(path), { recursive: true });
  const link = `//# sourceMappingURL=${basename(path)}.map\n`;
  writeFileSync(path, `${code.trimEnd()}\n${link}`);
  writeFileSync(`${path}.map`, map);
}

function print(what, ...figures) {
  const columns = figures.map((figure) => String(figure).padStart(10));
  console.log(what.padEnd(44) + columns.join(''));
}
