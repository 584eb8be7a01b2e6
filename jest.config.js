export default {
  testEnvironment: '<rootDir>/scripts/test-environment.js',
  // Not one fewer than there are cores: much of a test is waiting. Nor more: with two
  // for each core, tests that drown a server run out of their time.
  maxWorkers: '100%',
  // Of the modules of a test file, something stays behind when it is done. All of it is
  // looked through again and again: after a hundred files, each took seconds longer.
  workerIdleMemoryLimit: '250MB',
  testSequencer: '<rootDir>/scripts/longest-first.js',
  // No test waits for a time to pass without need. Beside others, on a machine that
  // is busy, what takes a moment can take seconds.
  testTimeout: 30_000,
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.spec.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^snorky$': '<rootDir>/src/index.ts',
    '^snorky/client$': '<rootDir>/src/client/index.ts',
    '^snorky/testing$': '<rootDir>/src/testing/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  coverageProvider: 'v8',
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        sourceMaps: 'inline',
        module: { type: 'es6' },
        jsc: {
          target: 'es2022',
          keepClassNames: true,
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
      },
    ],
  },
};
