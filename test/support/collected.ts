import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Rejects if something still keeps an object. */
export async function collected(object: WeakRef<object>): Promise<void> {
  for (let round = 0; round < 50; round++) {
    collectGarbage();
    if (object.deref() === undefined) return;
    // What a turn has looked at by `deref` stays until its end.
    await new Promise(setImmediate);
  }
  throw new Error('Something still keeps the object.');
}
