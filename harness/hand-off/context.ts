import type { Broker, DataSyncService } from 'snorky';
import type { Source } from './rows.js';

/** Counts what happens in a run, for all clients together. */
export class Tally {
  delivered = 0;
  cuts = 0;
  resumed = 0;
  fetched = 0;
  told = 0;
  readonly faults: string[] = [];
}

export interface Context {
  readonly nodes: readonly {
    readonly url: string;
    readonly service: DataSyncService;
  }[];
  readonly source: Source;
  readonly broker: Broker;
  readonly tally: Tally;
}
