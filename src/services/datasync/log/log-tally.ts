/** What a log had taken at some moment. */
export interface Mark {
  readonly entries: number;
  /** UTF-16 units of JSON, as far as they were counted. */
  readonly units: number;
  readonly time: number;
}

/** Counts what a log takes, to tell how much that is since a moment. */
export class LogTally {
  private entries = 0;
  private units = 0;

  mark(): Mark {
    const { entries, units } = this;
    return { entries, units, time: performance.now() };
  }

  /** @param measure The size of an entry; left out while nobody has a mark. */
  add(measure?: () => number): void {
    this.entries++;
    if (measure !== undefined) this.units += measure();
  }

  entriesSince(mark: Mark): number {
    return this.entries - mark.entries;
  }

  unitsSince(mark: Mark): number {
    return this.units - mark.units;
  }
}
