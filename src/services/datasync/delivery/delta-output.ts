import type { Position } from '../../../broker/ports/log.js';
import type { Topics } from '../../../broker/ports/topics.js';
import type { Client } from '../../../core/clients/client.js';
import { PreparedMessage } from '../../../core/clients/prepared-message.js';
import type { RpcService } from '../../../core/rpc/rpc-service.js';
import { encodeJson } from '../../../protocol/envelope.js';
import type { Delta } from '../../../protocol/delta.js';
import { DeltaTexts, EntryTexts, ReplayedEntries } from './delta-texts.js';
import type { Routing } from './routing.js';
import type { Subscription } from './subscription.js';

/**
 * Writes the messages that subscriptions get of the log. A client that does not
 * resume gets each delta in a message of its own, one for all of its
 * subscriptions. A resumable subscription gets one message for each entry, with
 * the position from which it can resume.
 */
export class DeltaOutput {
  private readonly texts = new DeltaTexts();
  private readonly entries = new ReplayedEntries();

  constructor(
    private readonly service: RpcService,
    private readonly routing: Routing,
    /**
     * Called when resumable subscriptions were told how far the log has come.
     */
    private readonly told: (subscriptions: readonly Subscription[]) => void,
    private readonly compare: Topics['compare'],
  ) {}

  /** Sends an entry to all subscriptions that it concerns. */
  live(deltas: readonly Delta[], position: Position): void {
    const resumable: Subscription[] = [];
    for (const delta of deltas) {
      for (const routed of this.routing.route(delta)) {
        const once: Client[] = [];
        let text: string | undefined;
        for (const subscription of routed.to) {
          if (this.hasHad(subscription, position)) continue;
          if (!subscription.resumable) {
            once.push(subscription.client);
            continue;
          }
          text ??= this.texts.withVersion(routed.delta);
          const { outgoing } = subscription;
          if (outgoing === '') resumable.push(subscription);
          subscription.outgoing =
            outgoing === '' ? text : `${outgoing},${text}`;
        }
        if (once.length > 0) this.announce(once, routed.delta);
      }
    }
    if (resumable.length === 0) return;
    const texts = new EntryTexts(this.service.$prefix, position);
    for (const subscription of resumable) {
      const { client, token, outgoing } = subscription;
      subscription.outgoing = '';
      this.write(client, texts.of(token, outgoing));
    }
    this.told(resumable);
  }

  /**
   * Sends an entry that a subscription has missed, if the entry concerns it. It
   * does not count as having been told a position: a subscription that replays
   * must not hear of later ones.
   */
  missed(
    subscription: Subscription,
    all: readonly Delta[],
    position: Position,
  ): void {
    const deltas: Delta[] = [];
    for (const delta of all) {
      const heard = this.routing.replay(subscription, delta);
      if (heard !== undefined) deltas.push(heard);
    }
    if (deltas.length === 0) return;
    if (subscription.resumable) {
      const { client, token } = subscription;
      const texts = deltas.map((delta) => this.texts.withVersion(delta));
      const { $prefix } = this.service;
      const heard = texts.join(',');
      this.write(
        client,
        this.entries.message(all, position, $prefix, token, heard),
      );
    } else {
      for (const delta of deltas) this.announce([subscription.client], delta);
    }
  }

  /** Tells a quiet subscription how far the log has come. */
  position(subscription: Subscription, position: Position): void {
    // A reading that lags behind the log has reached a position that was sent
    // before.
    if (this.hasHad(subscription, position)) return;
    this.tell(
      subscription.client,
      `{"type":"position","subscription":${JSON.stringify(subscription.token)},"position":${encodeJson(position)}}`,
    );
  }

  /**
   * Whether a subscription was sent this entry of the log before it went live.
   */
  hasHad(subscription: Subscription, position: Position): boolean {
    const { sentTo } = subscription;
    if (sentTo === undefined) return false;
    // If the positions cannot be compared, the log was lost between them, and a
    // gap is about to end this subscription: nothing more may be sent to it.
    if ((this.compare(position, sentTo) ?? 0) <= 0) return true;
    subscription.sentTo = undefined;
    return false;
  }

  private announce(clients: Client[], delta: Delta): void {
    const text = `{"type":"delta","delta":${this.texts.withoutVersion(delta)}}`;
    this.service.$deliver(
      clients,
      new PreparedMessage(`${this.service.$prefix}${text}}`),
    );
  }

  /** Sends a message that is no delta, on the same way as deltas. */
  tell(client: Client, text: string): void {
    this.write(client, `${this.service.$prefix}${text}}`);
  }

  /**
   * Sends to one client. A client that fails does not keep the others from
   * theirs.
   */
  private write(client: Client, envelope: string): void {
    try {
      client.sendText(envelope);
    } catch (error) {
      const { name: service } = this.service;
      const failure = { reason: 'deltas', service };
      this.service.registry.failed(failure, error, () => {
        return `Could not send deltas of service "${this.service.name}"`;
      });
    }
  }
}
