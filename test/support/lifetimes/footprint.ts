/** What can be reached from an object, however it keeps it. */
export interface Footprint {
  /** Entries of maps, sets and lists. */
  readonly entries: number;
  /** Characters of texts, those of keys included. */
  readonly text: number;
}

/**
 * Tells how much an object keeps: for tests that something is forgotten, or stays
 * within a bound, which no answer of the object shows.
 */
export function footprint(root: object): Footprint {
  const seen = new Set<object>([root]);
  const left: object[] = [root];
  let entries = 0;
  let text = 0;
  const visit = (value: unknown): void => {
    if (typeof value === 'string') text += value.length;
    else if (typeof value === 'object' && value !== null && !seen.has(value)) {
      seen.add(value);
      left.push(value);
    }
  };
  for (let object = left.pop(); object !== undefined; object = left.pop()) {
    if (object instanceof Map || object instanceof Set) {
      entries += object.size;
      for (const [key, value] of object.entries()) {
        visit(key);
        if (key !== value) visit(value);
      }
    } else if (Array.isArray(object)) {
      entries += object.length;
    }
    for (const [name, value] of Object.entries(object)) {
      text += name.length;
      visit(value);
    }
  }
  return { entries, text };
}
