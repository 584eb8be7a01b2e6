import type { JsonValue } from 'snorky/client';
import {
  keyOf,
  Refusal,
  type Command,
  type Peer,
  type ScriptedService,
} from './scripted-service.js';

/** The chat service, as far as the wire tells of it. */
export class ScriptedChat implements ScriptedService {
  readonly commands: Readonly<Record<string, Command>> = {
    join: [['channel'], (peer, { channel }) => this.join(peer, channel!)],
    leave: [['channel'], (peer, { channel }) => this.leave(peer, channel!)],
    send: [
      ['channel', 'body'],
      (peer, { channel, body }) => {
        const message = this.told('message', channel!, peer);
        for (const other of this.members(peer, channel!)) {
          other.notify({ ...message, body });
        }
      },
    ],
    read: [
      ['channel'],
      (peer, { channel }) => {
        for (const other of this.channels.get(keyOf(channel!)) ?? []) {
          if (other === peer || other.identity !== peer.identity) continue;
          other.notify(this.told('read', channel!));
        }
      },
    ],
  };
  private readonly channels = new Map<string, Set<Peer>>();
  private readonly names = new Map<string, JsonValue>();

  gone(peer: Peer): void {
    for (const [key, members] of this.channels) {
      if (members.has(peer)) this.leave(peer, this.names.get(key)!);
    }
  }

  private join(peer: Peer, channel: JsonValue): unknown {
    if (peer.identity === null) throw new Refusal('Not authenticated');
    const key = keyOf(channel);
    const members = this.channels.get(key) ?? new Set();
    if (members.has(peer)) throw new Refusal('Already joined');
    this.names.set(key, channel);
    this.channels.set(key, members);
    this.announce(members, peer, channel, 'joined');
    members.add(peer);
    return { members: [...new Set([...members].map((p) => p.identity))] };
  }

  private leave(peer: Peer, channel: JsonValue): void {
    const members = this.members(peer, channel);
    members.delete(peer);
    this.announce(members, peer, channel, 'left');
  }

  private members(peer: Peer, channel: JsonValue): Set<Peer> {
    const members = this.channels.get(keyOf(channel));
    if (members?.has(peer) !== true) throw new Refusal('Not joined');
    return members;
  }

  private announce(
    members: ReadonlySet<Peer>,
    peer: Peer,
    channel: JsonValue,
    status: string,
  ): void {
    const others = [...members];
    if (others.some(({ identity }) => identity === peer.identity)) return;
    const presence = this.told('presence', channel, peer);
    for (const other of others) other.notify({ ...presence, status });
  }

  private told(type: string, channel: JsonValue, from?: Peer): object {
    const timestamp = '2026-11-20T09:08:36.828634+00:00';
    const sender = from === undefined ? {} : { from: from.identity };
    return { type, ...sender, channel, timestamp };
  }
}
