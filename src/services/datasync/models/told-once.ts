/**
 * Things of one kind that get a line in the log. A client that invents more
 * gets none.
 */
const MOST = 100;

/** Characters by which things are told apart: others choose their length. */
const LONGEST = 200;

/** Remembers what the log has mentioned, so that it mentions nothing twice. */
export class ToldOnce {
  private readonly told = new Set<string>();

  /**
   * Whether to mention something: only the first time, and not beyond the
   * bound.
   */
  isNew(what: string): boolean {
    const { told } = this;
    const start = what.slice(0, LONGEST);
    if (told.size >= MOST || told.has(start)) return false;
    told.add(start);
    return true;
  }
}
