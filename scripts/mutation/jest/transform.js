/** Compiles a file as the tests do, from its source with the mutants where it has one. */
import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import swcJest from '@swc/jest';

export default {
  createTransformer({ sources, swc }) {
    // The places in the sources differ from those in the tree: a map would be of no use.
    const compiler = swcJest.createTransformer({ ...swc, sourceMaps: false });
    const sourceOf = (text, file, { config }) => {
      const mutated = join(sources, relative(config.rootDir, file));
      return existsSync(mutated) ? readFileSync(mutated, 'utf8') : text;
    };
    const call = (method) => (text, file, options) =>
      compiler[method](sourceOf(text, file, options), file, options);
    return {
      process: call('process'),
      processAsync: call('processAsync'),
      getCacheKey: call('getCacheKey'),
    };
  },
};
