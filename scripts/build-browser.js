/**
 * Makes the files for browsers from the compiled package in the working
 * directory, and prints their size and that of parts of `snorky/client`. It
 * fails if one is too big, unless `--any-size` is given, for output of another
 * compiler than the package's.
 *
 * The syntax is ES2022, for browsers from the middle of 2021 on, which the
 * connector needs anyway. For ES2018 the files would be a twentieth bigger.
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
 * What pages import of `snorky/client`, and the bytes of it that they may have
 * to load, minified and compressed. docs/client.md has the same figures.
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
/**
 * The limit of the browser file: everything, the global, and classes for pages
 * that do not have their syntax.
 */
const BROWSER_LIMIT = 15.7 * 1024;

/** Internal members, which only classes of the connector share. */
const INTERNAL = /^\$[a-z]\w/i;
/** The characters of short names; a dollar comes before them. */
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

/** Makes the files with the global `Snorky`, one readable and one minified. */
async function makeBrowserFiles() {
  // Imported by names: for a namespace, a bundler would keep a function for
  // each member.
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
 * Gives each internal member a short name with a dollar, the shortest to those
 * that occur most: subclasses of connectors have members of their own. No short
 * name is an internal member, so shortening twice changes nothing.
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
 * Shortens internal members in the modules themselves, because the bundlers of
 * applications cannot know that nobody else uses them. Source maps have the
 * original names.
 */
async function shortenMembers(readable) {
  const mangleCache = shortNames(readable);
  for (const path of readdirSync(CLIENT, { recursive: true })) {
    if (!path.endsWith('.js')) continue;
    const file = join(CLIENT, path);
    // esbuild reads the source map of its input only if it is part of it.
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
 * Measures what an application has in its bundle if it uses only some of
 * `snorky/client`. It uses esbuild's own minifier, so that others can repeat
 * it.
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
