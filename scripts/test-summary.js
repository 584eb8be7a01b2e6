/**
 * Tells in one line what jest's report says, and fails unless every test ran
 * and passed: a skipped one, or a file that could not be run, is a failure.
 */
import { readFileSync } from 'node:fs';

const [path = ''] = process.argv.slice(2);
const report = JSON.parse(readFileSync(path, 'utf8'));
const passed = report.numPassedTests;
const broken = report.numRuntimeErrorTestSuites;
const skipped = report.numPendingTests + report.numTodoTests;
const failed = report.numFailedTests + broken + skipped;

if (broken > 0) console.log(`Files that could not be run: ${broken}`);
if (skipped > 0) console.log(`Tests that were skipped: ${skipped}`);
console.log(`${passed} passed, ${failed} failed`);
if (failed > 0 || passed === 0 || !report.success) process.exitCode = 1;
