/** Things of one kind that are told; whoever invents more gets no lines. */
const MOST = 100;

/** What has been told, so that it is not told again. */
export class ToldOnce {
  private readonly told = new Set<string>();

  /** Whether to tell it: the first time, and not beyond the bound. */
  isNew(what: string): boolean {
    const { told } = this;
    if (told.size >= MOST || told.has(what)) return false;
    told.add(what);
    return true;
  }
}
