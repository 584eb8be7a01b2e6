import { afterPart } from '../../core/after-part.js';
import { whenReady } from '../../core/promise-like.js';
import { RpcError } from '../../core/rpc/rpc-error.js';
import type { RpcService } from '../../core/rpc/rpc-service.js';
import { WireError } from '../../protocol/errors.js';
import type { MaybePromise } from '../../protocol/maybe-promise.js';
import type { DataSyncEngine } from './datasync.engine.js';
import type { Changes } from './log/changes.js';
import { Invalidations } from './log/invalidations.js';
import type { Revocations } from './log/revocations.js';
import type { Models } from './models/models.js';
import type { Publication } from './models/publication.js';
import type { RevocationTerms } from './tokens/revocation.js';
import { isToken } from './tokens/token.js';

/** What writing to the logs needs. */
interface WriterParts {
  readonly service: RpcService;
  readonly engine: Pick<DataSyncEngine, 'hasDealer'>;
  readonly models: Models;
  readonly changes: Changes;
  readonly revocations: Revocations;
}

/**
 * Writes to the logs what the application has changed or takes back. All nodes
 * read it from there, this one too. Subscriptions are told of nothing else.
 */
export class LogWriter {
  private readonly invalidations: Invalidations;

  constructor(private readonly parts: WriterParts) {
    this.invalidations = new Invalidations((models) =>
      parts.changes.invalidate(models),
    );
  }

  /**
   * Writes everything that waits, at once; later entries do not wait any more.
   */
  stop(): void {
    this.invalidations.stop();
  }

  publish({ deltas, stale }: Publication): MaybePromise<void> {
    const appended =
      deltas.length === 0 ? undefined : this.parts.changes.publish(deltas);
    return whenReady(appended, () => {
      if (stale.size === 0) return;
      return appended === undefined
        ? this.fetchAgain(stale)
        : afterPart(() => this.fetchAgain(stale));
    });
  }

  invalidate(models: readonly string[]): MaybePromise<void> {
    return this.invalidations.add(
      models.filter((model) => this.parts.models.find(model, '"fetch again"')),
    );
  }

  /** Settles when this node's subscriptions that are taken back are silent. */
  revoke(terms: RevocationTerms): MaybePromise<void> {
    const { engine, changes, revocations } = this.parts;
    const { dealer, token } = terms;
    if (dealer !== undefined && !engine.hasDealer(dealer)) {
      throw new RpcError(WireError.noSuchDealer);
    }
    // No client can have a text that is no token.
    if (token !== undefined && !isToken(token)) return;
    // The log of revocations comes first. A client that comes in between is
    // checked against it.
    const logged = revocations.append(terms);
    return whenReady(logged, (at) =>
      whenReady(
        afterPart(() => changes.revoke(terms, at)),
        () => {},
      ),
    );
  }

  /**
   * Makes clients of models fetch again. The publisher does not wait for
   * entries that are merged with later ones.
   */
  private fetchAgain(models: ReadonlySet<string>): MaybePromise<void> {
    const { registry, name } = this.parts.service;
    return this.invalidations.soon(models, (error) => {
      const failure = { reason: 'invalidate', service: name };
      registry.failed(failure, error, () => {
        return `Service "${name}" could not have rows fetched again`;
      });
    });
  }
}
