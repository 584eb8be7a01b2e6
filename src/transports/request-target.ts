/** The path of a request target, without its query. */
export function pathOf(target: string): string {
  const query = target.indexOf('?');
  return query === -1 ? target : target.slice(0, query);
}

/**
 * The query of a request target. A name that occurs several times has all its
 * values.
 */
export function queryOf(target: string): Record<string, string | string[]> {
  const start = target.indexOf('?');
  const query: Record<string, string | string[]> = Object.create(
    null,
  ) as Record<string, string | string[]>;
  if (start === -1) return query;
  for (const [name, value] of new URLSearchParams(target.slice(start + 1))) {
    const known = query[name];
    if (known === undefined) query[name] = value;
    else if (typeof known === 'string') query[name] = [known, value];
    else known.push(value);
  }
  return query;
}
