/**
 * `instanceof`, for what somebody else made or threw: to ask a proxy what class it
 * is of may throw in its turn.
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
