/**
 * Makes the files for browsers of the compiled package in the working directory,
 * and tells what they, and all of `snorky/client`, weigh. With `--limit` it fails
 * when they have grown too big.
 *
 * Their syntax is that of ES2022, as of what else they need: browsers from the
 * middle of 2021 on. For ES2018 they would be a twentieth bigger.
 */
import { minify } from '@swc/core';
import { build } from 'esbuild';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { gzipSync } from 'node:zlib';

/** Bytes that a page may have to load, minified and compressed. */
const LIMIT = 12 * 1024;

const { name, version, license } = JSON.parse(
  readFileSync('package.json', 'utf8'),
);

const rows = [
  { ...(await makeBrowserFiles()), limit: LIMIT },
  { ...(await measure('export *')), limit: LIMIT },
  await measure('export { Snorky, rpc }'),
];

print('bytes', 'readable', 'minified', 'gzipped');
for (const { what, readable, minified, limit = Infinity } of rows) {
  const sizes = [readable, minified].map((code) => Buffer.byteLength(code));
  const gzipped = gzipSync(minified, { level: 9 }).length;
  print(what, ...sizes, gzipped);
  if (gzipped > limit) {
    console.error(
      `${what}: ${gzipped} bytes are more than the limit of ${limit}. Make it ` +
        'smaller, or say in scripts/build-browser.js why it may be bigger.',
    );
    if (process.argv.includes('--limit')) process.exitCode = 1;
  }
}

/** The global `Snorky`, to be read and to be served. */
async function makeBrowserFiles() {
  const { code, map } = await bundle({
    entryPoints: ['dist/client/browser.js'],
    format: 'iife',
    banner: { js: `/*! ${name} ${version} | ${license} */` },
  });
  const small = await shrink(code, {
    module: false,
    sourceMap: { filename: 'snorky.js', content: map },
  });
  write('dist/browser/snorky.js', code, map);
  write('dist/browser/snorky.min.js', small.code, small.map);
  return {
    what: 'snorky.js, snorky.min.js',
    readable: code,
    minified: small.code,
  };
}

/** What an application has of `snorky/client` that uses only some of it. */
async function measure(statement) {
  const { code } = await bundle({
    stdin: {
      contents: `${statement} from './dist/client/index.js'`,
      resolveDir: process.cwd(),
    },
    format: 'esm',
  });
  return {
    what: `${statement} from '${name}/client'`,
    readable: code,
    minified: (await shrink(code, { module: true })).code,
  };
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
