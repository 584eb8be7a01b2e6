import type { JsonValue } from 'snorky/client';
import {
  keyOf,
  Refusal,
  type Command,
  type Peer,
  type ScriptedService,
} from './scripted-service.js';

/** The messaging service, as far as the wire tells of it. No ducks. */
export class ScriptedMessaging implements ScriptedService {
  readonly commands: Readonly<Record<string, Command>> = {
    registerParticipant: [
      ['name'],
      (peer, { name }) => {
        const key = keyOf(name!);
        if (this.owners.has(key)) throw new Refusal('Name already registered');
        if (/duck/i.test(key)) throw new Refusal('Name not allowed');
        this.owners.set(key, { peer, name: name! });
      },
    ],
    unregisterParticipant: [
      ['name'],
      (peer, { name }) => {
        const owner = this.owners.get(keyOf(name!));
        if (owner === undefined) throw new Refusal('Unknown participant');
        if (owner.peer !== peer) throw new Refusal('Invalid participant');
        this.owners.delete(keyOf(name!));
      },
    ],
    listParticipants: [
      [],
      () => [...this.owners.values()].map(({ name }) => name).sort(),
    ],
    send: [
      ['sender', 'dest', 'body'],
      (peer, { sender, dest, body }) => {
        if (this.owners.get(keyOf(sender!))?.peer !== peer) {
          throw new Refusal('Invalid sender');
        }
        const owner = this.owners.get(keyOf(dest!));
        if (owner === undefined) throw new Refusal('Unknown destination');
        owner.peer.notify({ type: 'message', sender, dest, body });
      },
    ],
  };
  private readonly owners = new Map<
    string,
    { readonly peer: Peer; readonly name: JsonValue }
  >();

  gone(peer: Peer): void {
    for (const [key, owner] of this.owners) {
      if (owner.peer === peer) this.owners.delete(key);
    }
  }
}
