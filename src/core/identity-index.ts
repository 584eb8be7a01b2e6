import { canonicalKey, type JsonValue } from '../protocol/json.js';

/** Who has which identity. Nobody is listed under `null`, which is none. */
export class IdentityIndex<Member> {
  private readonly byIdentity = new Map<string, Set<Member>>();

  of(identity: JsonValue): ReadonlySet<Member> {
    return this.byIdentity.get(canonicalKey(identity)) ?? new Set<Member>();
  }

  /** Lists a member under another identity. */
  readonly move = (
    member: Member,
    before: JsonValue,
    after: JsonValue,
  ): void => {
    if (before !== null) {
      const key = canonicalKey(before);
      const members = this.byIdentity.get(key);
      if (members?.delete(member) && members.size === 0) {
        this.byIdentity.delete(key);
      }
    }
    if (after === null) return;
    const key = canonicalKey(after);
    const members = this.byIdentity.get(key);
    if (members === undefined) this.byIdentity.set(key, new Set([member]));
    else members.add(member);
  };
}
