/**
 * So many things of one kind get a line; a client that invents more gets none.
 */
const MOST = 100;

/** Characters by which they are told apart: others choose them. */
const LONGEST = 200;

/** What has been told, so that it is not told again. */
export class ToldOnce {
  private readonly told = new Set<string>();

  /** Whether to tell it: the first time, and not beyond the bound. */
  isNew(what: string): boolean {
    const { told } = this;
    const start = what.slice(0, LONGEST);
    if (told.size >= MOST || told.has(start)) return false;
    told.add(start);
    return true;
  }
}
