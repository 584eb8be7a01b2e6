import { PartCount } from './part-count.js';

/**
 * What classes say about how their instances leave the server, as with
 * class-transformer's `@Exclude()`. Nest's interceptors see to it for results of
 * commands and routes; nobody does for what a server sends of its own accord.
 */
export interface ClassRules {
  /** What leaves in place of an object: itself, where its class has no rules. */
  apply(object: object): unknown;
  /**
   * An object as an instance of a class, with the same members. Rows have no
   * class where they came over a wire, or were spread.
   */
  instance(classRef: RuledClass, object: object): object;
  /**
   * Which fields of instances of a class never leave under their names.
   *
   * @param fields Dotted, on the way into nested objects.
   */
  leftOut(classRef: RuledClass, fields: readonly string[]): ReadonlySet<string>;
}

/** A class whose constructor is not called. */
export type RuledClass = abstract new (...args: never[]) => object;

/**
 * What is sent of a message: itself, unless instances in it are of classes with
 * rules. All else is as `JSON.stringify` has it.
 *
 * @throws what `JSON.stringify` throws, and what the rules do; NotJson for what has
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
    // Before its toJSON(), which knows nothing of rules.
    const given: unknown = Reflect.get(this, key);
    if (typeof given !== 'object' || given === null) return value as unknown;
    const leaving = rules.apply(given);
    return leaving === given ? (value as unknown) : leaving;
  }) as string | undefined;
  return text === undefined ? undefined : (JSON.parse(text) as unknown);
}

/** Beyond, what is found does not matter: most messages are not so deep. */
const DEEPEST = 100;

/** True in doubt: to ask each class is slower, and right. */
function mayHaveRules(
  value: unknown,
  depth: number,
  parts: PartCount,
): boolean {
  parts.next();
  if (typeof value !== 'object' || value === null) return false;
  // Also what contains itself comes to its end here.
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
