import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

type Load = (
  require: (name: string) => unknown,
  module: { exports: unknown },
  exports: unknown,
) => void;

/**
 * Loads a package that is CommonJS and requires packages that are ES modules:
 * Node 20 can, Jest cannot before Node 24.
 *
 * @param path Its main file, from the root of this project.
 * @param known What it requires from other packages.
 */
export function loadCommonJs<T>(
  path: string,
  known: Readonly<Record<string, unknown>>,
): T {
  const loaded = new Map<string, { exports: unknown }>();
  const load = (file: string): unknown => {
    const before = loaded.get(file);
    if (before !== undefined) return before.exports;
    const module: { exports: unknown } = { exports: {} };
    loaded.set(file, module);
    const run = new Function(
      'require',
      'module',
      'exports',
      `${readFileSync(file, 'utf8')}\n//# sourceURL=${file}`,
    ) as Load;
    const require = (name: string): unknown => {
      if (name.startsWith('.')) return load(fileOf(join(dirname(file), name)));
      if (Object.hasOwn(known, name)) return known[name];
      throw new Error(`${file} requires ${name}, which it was not given.`);
    };
    run(require, module, module.exports);
    return module.exports;
  };
  return load(fileOf(resolve(path))) as T;
}

function fileOf(path: string): string {
  const candidates = [path, `${path}.js`, join(path, 'index.js')];
  const found = candidates.find(
    (one) => one.endsWith('.js') && existsSync(one),
  );
  if (found === undefined) throw new Error(`There is no ${path}.`);
  return found;
}
