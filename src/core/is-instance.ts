/**
 * `instanceof` for values of an application, which never throws: a proxy may
 * throw when it is asked for its class.
 */
export function isInstance<T>(
  value: unknown,
  classRef: abstract new (...args: never[]) => T,
): value is T {
  try {
    return value instanceof classRef;
  } catch {
    return false;
  }
}
