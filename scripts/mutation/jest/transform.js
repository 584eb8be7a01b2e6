/**
 * Compiles a file as for the tests, from its source with mutants if there is
 * one.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import swcJest from '@swc/jest';

export default {
  createTransformer({ sources, swc }) {
    // Positions in these sources differ from those in the tree, so a source map
    // would be useless.
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
