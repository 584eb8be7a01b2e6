import type { Position } from '../../broker/ports/log.js';
import { disown, whenReady } from '../../core/promise-like.js';
import { RpcError } from '../../core/rpc/rpc-error.js';
import { WireError } from '../../protocol/errors.js';
import type { JsonValue } from '../../protocol/json.js';
import type { MaybePromise } from '../../protocol/maybe-promise.js';
import type { DataSyncEngine } from './datasync.engine.js';
import type { Changes } from './log/changes.js';
import type { EvictionWatch } from './log/eviction-watch.js';
import type { Revocations } from './log/revocations.js';
import type { AuthorizationTerms } from './requests/authorize-options.js';
import type { TokenStore } from './tokens/token-store.js';
import type { TokenWarnings } from './tokens/token-warnings.js';
import { newToken } from './tokens/token.js';

/** What giving out tokens needs. */
interface AuthorizationParts {
  readonly engine: Pick<DataSyncEngine, 'checkItems'>;
  readonly store: TokenStore;
  readonly changes: Changes;
  readonly revocations: Revocations;
  readonly watch: EvictionWatch;
  readonly warnings: TokenWarnings;
  /** Items of one authorization at most. */
  readonly maxItems: number;
}

/**
 * Gives out tokens. A token covers what happens after the present end of both
 * logs.
 */
export class Authorizations {
  constructor(private readonly parts: AuthorizationParts) {}

  /**
   * @throws RpcError for items that cannot be subscribed to, and while too many
   *   tokens wait.
   */
  authorize(value: JsonValue, terms: AuthorizationTerms): MaybePromise<string> {
    const { engine, store, watch, warnings, maxItems } = this.parts;
    const { waiting } = store;
    if (Array.isArray(value) && value.length > maxItems) {
      throw new RpcError(WireError.tooManyItems);
    }
    const items = engine.checkItems(value);
    if (waiting.full) throw warnings.full();
    const token = newToken();
    const put = waiting.addIf(token, () =>
      whenReady(this.ends(), ({ position, revocations }) =>
        store.put(token, { items, position, revocations, ...terms }),
      ),
    );
    return whenReady(put, () => {
      watch.authorized(token);
      return token;
    });
  }

  /** Takes back a token that nobody was given. */
  async withdraw(token: string): Promise<void> {
    this.parts.watch.forget(token);
    await this.parts.store.withdraw(token);
  }

  /** The present ends of both logs. */
  private ends(): MaybePromise<{ position: Position; revocations: Position }> {
    const revocations = this.parts.revocations.reader.end();
    const position = this.parts.changes.reader.end();
    // If the other request fails, nobody waits for this one.
    disown(position);
    return whenReady(revocations, (revoked) =>
      whenReady(position, (last) => ({
        position: last,
        revocations: revoked,
      })),
    );
  }
}
