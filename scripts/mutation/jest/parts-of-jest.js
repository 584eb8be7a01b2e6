/**
 * Finds the packages of jest from jest itself, which is the only one that is a
 * dependency here.
 */
import { createRequire } from 'node:module';

const jest = createRequire(import.meta.url).resolve('jest');
const core = createRequire(jest).resolve('@jest/core');
const runner = createRequire(core).resolve('jest-runner');
const ofCore = createRequire(core);

export const requireOfJest = ofCore;

/** @param {string} name */
export function resolveOfJest(name) {
  try {
    return ofCore.resolve(name);
  } catch {
    return createRequire(runner).resolve(name);
  }
}
