/** The configuration of the tests, for sources with mutants. */
import { fileURLToPath } from 'node:url';
import base from '../../../jest.config.js';

const [[pattern, [, swc]]] = Object.entries(base.transform);

export default {
  ...base,
  rootDir: fileURLToPath(new URL('../../..', import.meta.url)),
  maxWorkers: 1,
  // One at a time: a mutant that is reached is assigned to the test that runs.
  maxConcurrency: 1,
  runner: '<rootDir>/scripts/mutation/jest/again-runner.js',
  testRunner: '<rootDir>/scripts/mutation/jest/test-runner.js',
  transform: {
    [pattern]: [
      '<rootDir>/scripts/mutation/jest/transform.js',
      { sources: process.env['MUTATION_SOURCES'], swc },
    ],
  },
};
