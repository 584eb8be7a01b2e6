import { TestEnvironment } from 'jest-environment-node';

// When a worker has nothing more to do, Node takes it down piece by piece: with all
// the contexts of its test files that takes longer than the half second which Jest
// grants, and Jest would report a leak where there is none. A worker in which
// something is left open never comes here, and is still reported.
if (process.send !== undefined) process.once('exit', () => process.exit());

export default TestEnvironment;
