import type { Position } from '../../../broker/ports/log.js';
import { disown, whenReady } from '../../../core/promise-like.js';
import type { MaybePromise } from '../../../protocol/maybe-promise.js';
import type { Changes } from './changes.js';
import type { Revocations } from './revocations.js';

/** The ends of both logs. */
interface LogEnds {
  readonly position: Position;
  readonly revocations: Position;
}

/** Reads the present ends of both logs. */
export function logEnds(
  changes: Changes,
  revocations: Revocations,
): MaybePromise<LogEnds> {
  const revoked = revocations.reader.end();
  const position = changes.reader.end();
  // If the other request fails, nobody waits for this one.
  disown(position);
  return whenReady(revoked, (lastRevoked) =>
    whenReady(position, (last) => ({
      position: last,
      revocations: lastRevoked,
    })),
  );
}
