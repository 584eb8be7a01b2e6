import { RpcError } from '../../../core/rpc/rpc-error.js';
import type { RpcService } from '../../../core/rpc/rpc-service.js';
import { WireError } from '../../../protocol/errors.js';

/** Reports in the log, and in counters, what goes wrong with tokens. */
export class TokenWarnings {
  constructor(private readonly service: RpcService) {}

  /** Too many tokens wait. Answers the error for the caller. */
  full(): RpcError {
    const { log } = this.service.registry;
    log.warn(`tokens:${this.service.name}`, () => {
      return `"${this.service.name}" authorizes nothing: as many tokens wait for their clients as the option \`maxTokens\` allows. Limit how often one client may ask; if so many clients are expected, raise the option.`;
    });
    return new RpcError(WireError.tooManyTokens);
  }

  /** The log of deltas is too short for a token that waits for its client. */
  evicted(): void {
    const { counters, log } = this.service.registry;
    counters.add('evicted', { service: this.service.name });
    log.warn(`evicted:${this.service.name}`, () => {
      return `The log of "${this.service.name}" has forgotten what a token needs that nobody has come with yet. If this is common, raise the option \`log\`.`;
    });
  }

  /** The broker has lost entries of a log. */
  gap(): void {
    const { counters, log } = this.service.registry;
    counters.add('gaps', { service: this.service.name });
    log.warn(`gap:${this.service.name}`, () => {
      return `The broker lost changes of service "${this.service.name}": its live subscriptions have ended, and their clients fetch again.`;
    });
  }

  /**
   * A node of another version has written an entry that this one cannot read.
   */
  unreadable(): void {
    const { counters, log } = this.service.registry;
    counters.add('gaps', { service: this.service.name });
    log.warn(`unreadable:${this.service.name}`, () => {
      return `Another version of the application writes changes of service "${this.service.name}" that this one cannot read: its live subscriptions end and are fetched again each time, until all processes run the same.`;
    });
  }

  /** A client came with a token whose value this node cannot read. */
  unreadableToken(): void {
    const { log } = this.service.registry;
    log.warn(`unreadable-token:${this.service.name}`, () => {
      return `Somebody came to "${this.service.name}" with a token of another version of the application, which this one cannot read: its client has to fetch again.`;
    });
  }

  /** A client came with a token that is for another identity. */
  mismatched(): void {
    const { counters, log } = this.service.registry;
    counters.add('mismatched', { service: this.service.name });
    log.warn(`mismatched:${this.service.name}`, () => {
      return `Somebody came to "${this.service.name}" with a token for another identity: a page that logged in or out and has not fetched since, or a stolen token.`;
    });
  }

  /** The log of revocations is too short for a token. */
  revocationsUncovered(): void {
    const { log } = this.service.registry;
    log.warn(`revocations:${this.service.name}`, () => {
      return `The log of revocations of "${this.service.name}" no longer reaches back to where a subscription was last looked at: its client has to fetch again. If this is common, raise the option \`revocations\`.`;
    });
  }

  /** The log of deltas is too short for a client that came back. */
  uncovered(): void {
    const { log } = this.service.registry;
    log.warn(`uncovered:${this.service.name}`, () => {
      return `The log of "${this.service.name}" no longer reaches back to where a subscription was to go on: its client has to fetch again.`;
    });
  }
}
