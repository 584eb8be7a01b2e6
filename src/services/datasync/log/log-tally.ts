/** How much a log had taken at some moment. */
export interface Mark {
  readonly entries: number;
  /** The JSON length in UTF-16 units, as far as it was counted. */
  readonly units: number;
  readonly time: number;
}

/** Counts how much a log takes, to tell how much it has taken since a mark. */
export class LogTally {
  private entries = 0;
  private units = 0;

  mark(): Mark {
    const { entries, units } = this;
    return { entries, units, time: performance.now() };
  }

  /** @param measure The size of an entry; left out while there are no marks. */
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
