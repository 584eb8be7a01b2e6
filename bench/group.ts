import type { LoadGenerator } from './load-process.js';
import type { Peer } from './wire.js';

/** What every group gets from main. */
export interface Context {
  generator: LoadGenerator;
  quick: boolean;
  /** The peers of this run; groups leave out the others. */
  peers: ReadonlySet<Peer>;
  /** Directory for CPU profiles of the servers. */
  profile: string | undefined;
}

/** One measurement: figures by the keys of the table's columns. */
export type Sample = Record<string, number>;

export interface Column {
  key: string;
  heading: string;
  digits: number;
}

/** Rows hold one sample for each round. */
export interface Table {
  title: string;
  columns: Column[];
  rows: { name: string; samples: Sample[] }[];
}

/**
 * A condition that must be true. `measured` has a value for each round; the
 * median counts.
 */
export interface Requirement {
  text: string;
  bound: number;
  direction: 'at most' | 'at least';
  unit: string;
  measured: number[];
}

export interface GroupResult {
  tables: Table[];
  requirements: Requirement[];
}

/** A group of figures, one file each; main knows them by name. */
export interface Group {
  name: string;
  run(context: Context): Promise<GroupResult>;
}
