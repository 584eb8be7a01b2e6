import type { Client } from '../../../core/client.js';
import type { Feature } from '../../../protocol/features.js';
import { encodeJson } from '../../../protocol/envelope.js';
import type { Notice } from './life-states.js';

/** Which feature of a connection lets it hear of what. */
const FEATURE: Readonly<Record<Notice, Feature>> = {
  taken: 'taken',
  revoked: 'revoked',
  refetch: 'refetch',
  identity: 'identity',
  mismatch: 'identity',
};

/**
 * Tells clients how their subscriptions ended, if they asked to hear of it. What
 * ends many at once makes one message for each client.
 */
export class Notices {
  constructor(private readonly send: (client: Client, text: string) => void) {}

  tell(client: Client, what: Notice, token: string): void {
    if (!client.connected || !client.has(FEATURE[what])) return;
    this.send(
      client,
      `{"type":${JSON.stringify(what)},"subscription":${encodeJson(token)}}`,
    );
  }
}
