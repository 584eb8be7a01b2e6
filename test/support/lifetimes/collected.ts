import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Whether nothing keeps an object any more. */
export async function collected(object: WeakRef<object>): Promise<boolean> {
  for (let round = 0; round < 50; round++) {
    collectGarbage();
    if (object.deref() === undefined) return true;
    // What a turn has looked at by `deref` stays until its end.
    await new Promise(setImmediate);
  }
  return false;
}
