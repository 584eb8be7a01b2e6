/** What is known about the rules of classes. */
export interface KnownClasses {
  /** Whether the class of an object has rules. */
  hasRules(object: object): boolean;
  /** Whether `@Type()` on a member declares the class of its values. */
  isTyped(object: object, member: string): boolean;
}

/**
 * The name of a member, at any depth, that is a `Map` whose values have no
 * class known to class-transformer. The package writes instances in such a map
 * out whole, so that members which their classes leave out would be sent.
 */
export function untypedMap(
  object: object,
  known: KnownClasses,
  seen = new Set<object>(),
): string | undefined {
  if (seen.has(object)) return undefined;
  seen.add(object);
  const isList = Array.isArray(object);
  for (const [name, member] of Object.entries(object) as [string, unknown][]) {
    if (typeof member !== 'object' || member === null) continue;
    if (member instanceof Map) {
      if (isList || !known.isTyped(object, name)) {
        if (holdsRuled([...member.values()], known, new Set())) return name;
      }
      continue;
    }
    const found = untypedMap(
      member instanceof Set ? [...member] : member,
      known,
      seen,
    );
    if (found !== undefined) return found;
  }
  return undefined;
}

function holdsRuled(
  value: unknown,
  known: KnownClasses,
  seen: Set<object>,
): boolean {
  if (typeof value !== 'object' || value === null || seen.has(value)) {
    return false;
  }
  seen.add(value);
  if (!Array.isArray(value) && known.hasRules(value)) return true;
  const members =
    value instanceof Map || value instanceof Set
      ? [...value.values()]
      : Object.values(value);
  return members.some((member) => holdsRuled(member, known, seen));
}
