/** 200 clients fetch and subscribe while two publishers change the same rows. */
import { handOff } from '../../harness/hand-off/hand-off.js';

const [seconds, cutEvery, seed] = process.argv.slice(2).map(Number) as [
  number,
  number,
  number,
];
const { faults, ...figures } = await handOff({
  clients: 200,
  rate: 1000,
  seconds,
  cutEvery,
  seed,
});
for (const fault of faults.slice(0, 10)) console.error(fault);
process.send?.({ ...figures, faults: faults.length });
process.disconnect();
