/**
 * Runs the spec file again and again in one process, each time with all modules
 * anew, until the process is ended. Node and jest start once.
 */
import { requireOfJest } from './parts-of-jest.js';

const { default: TestRunner } = requireOfJest('jest-runner');

export default class AgainRunner extends TestRunner {
  async runTests(tests, watcher, options) {
    for (;;) {
      await super.runTests(tests, watcher, { ...options, serial: true });
    }
  }
}
