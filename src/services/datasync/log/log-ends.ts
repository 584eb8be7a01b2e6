import type { Position } from '../../../broker/ports/log.js';
import { disown, whenReady } from '../../../core/promise-like.js';
import type { MaybePromise } from '../../../protocol/maybe-promise.js';
import type { Changes } from './changes.js';
import type { Revocations } from './revocations.js';

/** Where both logs end. */
interface LogEnds {
  readonly position: Position;
  readonly revocations: Position;
}

/** Where both logs end now. */
export function logEnds(
  changes: Changes,
  revocations: Revocations,
): MaybePromise<LogEnds> {
  const revoked = revocations.reader.end();
  const position = changes.reader.end();
  // If the other one fails, nobody waits for it.
  disown(position);
  return whenReady(revoked, (lastRevoked) =>
    whenReady(position, (last) => ({
      position: last,
      revocations: lastRevoked,
    })),
  );
}
