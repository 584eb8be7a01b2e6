import { whenReady } from '../../../core/promise-like.js';
import { RpcError } from '../../../core/rpc/rpc-error.js';
import { WireError } from '../../../protocol/errors.js';
import type { JsonValue } from '../../../protocol/json.js';
import type { MaybePromise } from '../../../protocol/maybe-promise.js';
import type {
  Authorization,
  AuthorizationTerms,
  ItemRequest,
} from './authorization.js';
import type { TokenStore } from './token-store.js';
import type { TokenWarnings } from './token-warnings.js';
import { newToken } from './token.js';

/** What issuing tokens needs. */
interface IssuerParts {
  readonly store: TokenStore;
  readonly warnings: TokenWarnings;
  /** Items of one authorization at most. */
  readonly maxItems: number;
  /** @throws RpcError for items that no dealer can serve. */
  checkItems(value: JsonValue): ItemRequest[];
  /** The present ends of the log of changes and of the log of revocations. */
  ends(): MaybePromise<Pick<Authorization, 'position' | 'revocations'>>;
  /** Notices when the log drops entries that a token still needs. */
  readonly watch: {
    authorized(token: string): void;
    forget(token: string): void;
  };
}

/**
 * Issues tokens. A token covers what happens after the present end of both
 * logs.
 */
export class TokenIssuer {
  constructor(private readonly parts: IssuerParts) {}

  /**
   * @throws RpcError for items that cannot be subscribed to, and while too many
   *   tokens wait.
   */
  authorize(value: JsonValue, terms: AuthorizationTerms): MaybePromise<string> {
    const { store, watch, warnings, maxItems } = this.parts;
    const { waiting } = store;
    if (Array.isArray(value) && value.length > maxItems) {
      throw new RpcError(WireError.tooManyItems);
    }
    const items = this.parts.checkItems(value);
    if (waiting.full) throw warnings.full();
    const token = newToken();
    const put = waiting.addIf(token, () =>
      whenReady(this.parts.ends(), ({ position, revocations }) =>
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
}
