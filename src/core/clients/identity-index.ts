import { canonicalKey, type JsonValue } from '../../protocol/json.js';
import { frozenJson } from '../json/frozen-json.js';

/**
 * Lists members by identity. Members with the identity `null` have none, and
 * are not listed.
 */
export class IdentityIndex<Member> {
  private readonly byKey = new Map<string, Set<Member>>();
  /**
   * The key of each member, kept from when it was listed. It is never made anew
   * from the identity: if the text came out otherwise, the member would stay
   * listed for ever.
   */
  private readonly keys = new Map<Member, string>();

  /** @throws NotJsonError when JSON cannot express the identity. */
  of(identity: unknown): ReadonlySet<Member> {
    // The identity asked for becomes JSON as the identities of clients do;
    // undefined is nobody.
    const value = frozenJson(identity ?? null, 'identity');
    return this.byKey.get(canonicalKey(value)) ?? new Set<Member>();
  }

  /** Lists a member under an identity, and under no other. */
  put(member: Member, identity: JsonValue): void {
    const key = identity === null ? undefined : canonicalKey(identity);
    if (this.keys.get(member) === key) return;
    this.delete(member);
    if (key === undefined) return;
    this.keys.set(member, key);
    const members = this.byKey.get(key);
    if (members === undefined) this.byKey.set(key, new Set([member]));
    else members.add(member);
  }

  delete(member: Member): void {
    const key = this.keys.get(member);
    if (key === undefined) return;
    this.keys.delete(member);
    const members = this.byKey.get(key);
    if (members?.delete(member) && members.size === 0) this.byKey.delete(key);
  }
}
