import type { Position } from '../../../broker/ports/log.js';
import { readEntry, readRevocationEntry } from '../log/log-entry.js';
import { CatchUp, type CatchUpContext } from '../log/catch-up.js';
import type { Holding } from './holding.js';
import type { LifeContext, Report } from './life-context.js';
import type { Effect } from '../life/effects.js';
import type { LifeEvent } from '../life/events.js';
import type { Authorization } from '../tokens/authorization.js';
import { isRevoked, type Revocation } from '../tokens/revocation.js';
import { Subscription } from '../delivery/subscription.js';

/**
 * Bytes that wait for a client from which on it counts as congested: a part of
 * its bound.
 */
const CONGESTED = 256 * 1024;

/** Reads the logs again for lives. */
export class LogReadings {
  private readonly changes: CatchUpContext;
  private readonly revocations: CatchUpContext;

  /**
   * @param cleared Called with the position up to which a life was not revoked.
   */
  constructor(
    private readonly context: LifeContext,
    private readonly report: Report,
    private readonly cleared: (holding: Holding, position: Position) => void,
  ) {
    const { changes, revocations, schedule } = context;
    this.changes = { reader: changes.reader, schedule };
    this.revocations = { reader: revocations.reader, schedule };
  }

  /**
   * Whether a revocation concerns a life: the life has not been checked up to
   * the revocation's position, and its terms fit.
   */
  concerns(holding: Holding, revocation: Revocation, at: Position): boolean {
    const { authorization, token, client, clearedTo } = holding;
    if (authorization === undefined) return false;
    const since = clearedTo ?? authorization.revocations;
    if ((this.context.compare(at, since) ?? 1) <= 0) return false;
    const heldBy = [authorization.heldBy, this.context.identityOf(client)];
    return isRevoked({ token, authorization, heldBy }, revocation);
  }

  /** Checks whether the token was revoked before its client came here. */
  check(holding: Holding, authorization: Authorization): void {
    const end = this.endOf(holding);
    holding.catchUp = new CatchUp(
      this.revocations,
      {
        congested: false,
        whenDrained: (act) => act(),
        send: (entry) => {
          const revocation = readRevocationEntry(entry);
          if (revocation === undefined) {
            end({ type: 'uncovered' });
            return false;
          }
          if (!this.concerns(holding, revocation, entry.position)) return true;
          end({ type: 'revoked' });
          return false;
        },
        caughtUp: (position) => {
          holding.catchUp = undefined;
          this.cleared(holding, position);
        },
        uncovered: () => {
          this.context.revocations.uncovered();
          end({ type: 'uncovered' });
        },
        failed: (error) => end({ type: 'failed', at: 'check', error }),
      },
      authorization.revocations,
    );
    holding.catchUp.start();
  }

  /** Sends what the client has missed. */
  replay(
    holding: Holding,
    { authorization, since }: Effect & { readonly do: 'replay' },
  ): void {
    const { context } = this;
    const { client, token, wish } = holding;
    const { items, position } = authorization;
    const subscription = new Subscription(
      token,
      client,
      wish.mode === 'resumable',
      items,
    );
    holding.subscription = subscription;
    // Begins at the authorization at the earliest: nobody was authorized for
    // earlier entries.
    const from =
      since === undefined || (context.compare(since, position) ?? 0) < 0
        ? position
        : since;
    const end = this.endOf(holding);
    holding.catchUp = new CatchUp(
      this.changes,
      {
        get congested() {
          return client.waiting > CONGESTED;
        },
        whenDrained: (act) => client.whenDrained(act),
        send: (entry) => {
          const said = readEntry(entry);
          switch (said.kind) {
            case 'deltas':
              context.output.missed(subscription, said.deltas, entry.position);
              return true;
            case 'invalidate':
              if (!context.engine.concerns(items, new Set(said.models))) {
                return true;
              }
              end({ type: 'uncovered' });
              return false;
            case 'revoke':
              // Rows that were published after the revocation may be in the log
              // already, although this node has not read the log of revocations
              // so far.
              if (!this.concerns(holding, said.revocation, said.at)) {
                return true;
              }
              end({ type: 'revoked' });
              return false;
            case 'unreadable':
              end({ type: 'uncovered' });
              return false;
          }
        },
        caughtUp: (to) => end({ type: 'caughtUp', position: to }),
        uncovered: () => {
          context.changes.uncovered();
          end({ type: 'uncovered' });
        },
        failed: (error) => end({ type: 'failed', at: 'replay', error }),
      },
      from,
    );
    holding.catchUp.start();
  }

  private endOf(holding: Holding): (event: LifeEvent) => void {
    return (event) => {
      holding.catchUp = undefined;
      this.report(holding, event);
    };
  }
}
