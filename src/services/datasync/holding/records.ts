import type { Position } from '../../../broker/ports/log.js';
import { later } from '../log/positions.js';
import type { Authorization } from '../tokens/authorization.js';
import type { Asking } from './asking.js';
import type { Holding } from './holding.js';
import type { LifeContext, Report } from './life-context.js';

/**
 * Records under tokens which identity has them, and up to where they were not
 * revoked.
 */
export class TokenRecords {
  constructor(
    private readonly context: LifeContext,
    private readonly report: Report,
    private readonly asking: Asking,
  ) {}

  /**
   * Notes that a token was not revoked up to a position. Only now is its
   * present identity recorded: earlier revocations have to be compared with the
   * identity that had the token before, even if this node dies here.
   */
  cleared(holding: Holding, position: Position): void {
    const { context } = this;
    const { token, holder, authorization, client } = holding;
    if (authorization === undefined) return;
    const heldBy = bearerOf(authorization, context.identityOf(client));
    if (holding.wish.mode === 'once' || heldBy === authorization.heldBy) {
      holding.clearedTo = position;
      this.report(holding, { type: 'cleared' });
      return;
    }
    const record = recordOf(authorization, position, heldBy);
    this.asking.put(
      holding,
      'check',
      () => context.store.update(token, holder, record),
      (done) => {
        if (!done) return { type: 'lost' };
        holding.authorization = record;
        // The client's identity may have changed meanwhile.
        this.cleared(holding, position);
        return undefined;
      },
    );
  }

  /** Records the identity of the connection that has the token. */
  record(holding: Holding): void {
    const { token, holder } = holding;
    const record = this.of(holding);
    if (record === undefined) return;
    this.asking.put(
      holding,
      'record',
      () => this.context.store.update(token, holder, record),
      (done) => {
        // The token may be free because this node has lost its leases: the life
        // asks.
        if (!done) return { type: 'taken' };
        holding.authorization = record;
        return undefined;
      },
    );
  }

  /**
   * Keeps what the token is to record at the end of its life. From now on,
   * nobody tells it of revocations, so a later record must not claim more than
   * what is known now.
   */
  settle(holding: Holding): void {
    holding.record = this.of(holding);
  }

  /** What the token is to record now; undefined before it was checked. */
  of(holding: Holding): Authorization | undefined {
    const { context } = this;
    const { authorization, clearedTo, client } = holding;
    if (authorization === undefined || clearedTo === undefined) return;
    const { heard } = context.revocations;
    const position = later(clearedTo, heard, context.compare);
    const heldBy = bearerOf(authorization, context.identityOf(client));
    return recordOf(authorization, position, heldBy);
  }
}

/** The identity to record: only for a bearer token. */
function bearerOf(
  { binding }: Authorization,
  identity: string | undefined,
): string | undefined {
  return binding === undefined ? identity : undefined;
}

function recordOf(
  authorization: Authorization,
  revocations: Position,
  heldBy: string | undefined,
): Authorization {
  const { heldBy: _, ...rest } = authorization;
  return {
    ...rest,
    revocations,
    ...(heldBy === undefined ? {} : { heldBy }),
  };
}
