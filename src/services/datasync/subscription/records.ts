import type { Position } from '../../../broker/ports/log.js';
import { later } from '../log/positions.js';
import type { Authorization } from '../tokens/authorization.js';
import type { Asking } from './asking.js';
import type { Holding } from './holding.js';
import type { LifeContext, Report } from './life-context.js';

/** What tokens say of whose connection has them, and of revocations. */
export class TokenRecords {
  constructor(
    private readonly context: LifeContext,
    private readonly report: Report,
    private readonly asking: Asking,
  ) {}

  /**
   * It has not been revoked up to there. Whose connection has it now is written
   * down then, and never before: who had it last is what earlier revocations are
   * compared with, also if this node dies here.
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
        // The client may be somebody else by now.
        this.cleared(holding, position);
        return undefined;
      },
    );
  }

  /** Its connection is somebody else's than the token says. */
  record(holding: Holding): void {
    const { token, holder } = holding;
    const record = this.of(holding);
    if (record === undefined) return;
    this.asking.put(
      holding,
      'record',
      () => this.context.store.update(token, holder, record),
      (done) => {
        // Free, perhaps, for this node's hold has ended: that can be asked.
        if (!done) return { type: 'taken' };
        holding.authorization = record;
        return undefined;
      },
    );
  }

  /**
   * It ends here: nobody tells it of revocations from now on. What its token is
   * to say is what is so now, also if it is said late.
   */
  settle(holding: Holding): void {
    holding.record = this.of(holding);
  }

  /** What the token is to say from now on; nothing new before it was cleared. */
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

/** Whose connection has it, of a token that is for whoever has it. */
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
