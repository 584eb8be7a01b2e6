import type { JsonValue } from 'snorky/client';
import {
  keyOf,
  Refusal,
  type Command,
  type Peer,
  type ScriptedService,
} from './scripted-service.js';

interface Entry {
  readonly peer: Peer;
  readonly privateHandle: JsonValue;
  readonly publicHandle: number;
  readonly document: JsonValue;
  position: JsonValue;
  status: JsonValue;
}

/** The cursors service, as far as the wire tells of it. */
export class ScriptedCursors implements ScriptedService {
  readonly commands: Readonly<Record<string, Command>> = {
    join: [['document'], (peer, { document }) => this.join(peer, document!)],
    leave: [['document'], (peer, { document }) => this.leave(peer, document!)],
    createCursor: [
      ['privateHandle', 'document', 'position', 'status'],
      (peer, { privateHandle, document, position, status }) => {
        this.check(peer, document!);
        const own = this.entries.filter((entry) => entry.peer === peer);
        if (own.some((entry) => entry.privateHandle === privateHandle)) {
          throw new Refusal('Reused handle');
        }
        if (own.length === 16) throw new Refusal('Too many cursors');
        const entry = {
          peer,
          privateHandle: privateHandle!,
          publicHandle: 65_535 - this.created++,
          document: document!,
          position: position!,
          status: status!,
        };
        this.entries.push(entry);
        this.announce(entry, { type: 'cursorAdded', cursor: shown(entry) });
        return entry.publicHandle;
      },
    ],
    updateCursor: [
      ['privateHandle', 'newData'],
      (peer, { privateHandle, newData }) => {
        const entry = this.find(peer, privateHandle!);
        const { position, status } = newData as Partial<Entry>;
        if (position !== undefined) entry.position = position;
        if (status !== undefined) entry.status = status;
        this.announce(entry, { type: 'cursorUpdated', cursor: shown(entry) });
      },
    ],
    removeCursor: [
      ['privateHandle'],
      (peer, { privateHandle }) => {
        this.remove(this.find(peer, privateHandle!));
      },
    ],
  };
  private readonly entries: Entry[] = [];
  private readonly joined = new Map<string, Set<Peer>>();
  private created = 0;

  gone(peer: Peer): void {
    for (const members of this.joined.values()) members.delete(peer);
    for (const entry of [...this.entries]) {
      if (entry.peer === peer) this.remove(entry);
    }
  }

  private join(peer: Peer, document: JsonValue): unknown {
    if (peer.identity === null) throw new Refusal('Not authenticated');
    const key = keyOf(document);
    const members = this.joined.get(key) ?? new Set();
    if (members.has(peer)) throw new Refusal('Already joined');
    this.joined.set(key, members.add(peer));
    const there = this.entries.filter((entry) => keyOf(entry.document) === key);
    return { cursors: there.map(shown) };
  }

  private leave(peer: Peer, document: JsonValue): void {
    this.check(peer, document);
    for (const entry of [...this.entries]) {
      const isHere = keyOf(entry.document) === keyOf(document);
      if (entry.peer === peer && isHere) this.remove(entry);
    }
    this.joined.get(keyOf(document))?.delete(peer);
  }

  private check(peer: Peer, document: JsonValue): void {
    const members = this.joined.get(keyOf(document));
    if (members?.has(peer) !== true) throw new Refusal('Not joined');
  }

  private find(peer: Peer, handle: JsonValue): Entry {
    const entry = this.entries.find(
      (each) => each.peer === peer && each.privateHandle === handle,
    );
    if (entry === undefined) throw new Refusal('No such cursor');
    return entry;
  }

  private remove(entry: Entry): void {
    this.entries.splice(this.entries.indexOf(entry), 1);
    const { publicHandle, document } = entry;
    const cursor = { publicHandle, document };
    this.announce(entry, { type: 'cursorRemoved', cursor });
  }

  private announce({ peer, document }: Entry, message: unknown): void {
    for (const other of this.joined.get(keyOf(document)) ?? []) {
      if (other !== peer) other.notify(message);
    }
  }
}

function shown({
  peer,
  privateHandle: _privateHandle,
  ...cursor
}: Entry): object {
  return { ...cursor, owner: peer.identity };
}
