import { PartCount } from './part-count.js';

/**
 * The rules of classes about how their instances leave the server, as with
 * class-transformer's `@Exclude()`. Nest's interceptors apply them to results
 * of commands and routes, but not to what a server sends of its own accord.
 */
export interface ClassRules {
  /**
   * What is sent in place of an object; the object itself where its class has
   * no rules.
   */
  apply(object: object): unknown;
  /**
   * An object as an instance of a class, with the same members. Rows that came
   * over a wire, or were spread, have no class.
   */
  instance(classRef: RuledClass, object: object): object;
  /**
   * Which fields of instances of a class never leave under their names.
   *
   * @param fields Their names; dotted for those of nested objects.
   */
  leftOut(classRef: RuledClass, fields: readonly string[]): ReadonlySet<string>;
}

/** A class whose constructor is never called. */
export type RuledClass = abstract new (...args: never[]) => object;

/**
 * What is sent of a message: the message itself, unless it contains instances
 * of classes with rules. Everything else is as `JSON.stringify` has it.
 *
 * @throws What `JSON.stringify` and the rules throw; NotJson for a message with
 *   too many parts.
 */
export function withRules(
  message: unknown,
  rules: ClassRules | undefined,
): unknown {
  if (rules === undefined || !mayHaveRules(message, 0, new PartCount())) {
    return message;
  }
  const parts = new PartCount();
  const text = JSON.stringify(message, function (this: object, key, value) {
    parts.next();
    // Read before `toJSON()` is called, which knows nothing of rules.
    const given: unknown = Reflect.get(this, key);
    if (typeof given !== 'object' || given === null) return value as unknown;
    const leaving = rules.apply(given);
    return leaving === given ? (value as unknown) : leaving;
  }) as string | undefined;
  return text === undefined ? undefined : (JSON.parse(text) as unknown);
}

/**
 * Nesting beyond which a message counts as having rules: most messages are less
 * deep.
 */
const DEEPEST = 100;

/**
 * Whether a value may contain instances with rules. It answers true in doubt:
 * asking each class is slower, and always right.
 */
function mayHaveRules(
  value: unknown,
  depth: number,
  parts: PartCount,
): boolean {
  parts.next();
  if (typeof value !== 'object' || value === null) return false;
  // Also ends the walk of an object that contains itself.
  if (depth > DEEPEST) return true;
  if (Array.isArray(value)) {
    return value.some((item) => mayHaveRules(item, depth + 1, parts));
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    return !(value instanceof Date);
  }
  for (const key in value) {
    if (key === 'toJSON') return true;
    const member = (value as Readonly<Record<string, unknown>>)[key];
    if (mayHaveRules(member, depth + 1, parts)) return true;
  }
  return false;
}
