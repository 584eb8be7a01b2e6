/** Measures the filter index in a process of its own: started with --expose-gc. */
import { distinctFilters, intervals, measureIndex } from './filter-figures.js';

const [kind, filters, seed] = process.argv.slice(2);
const workload =
  kind === 'intervals'
    ? intervals(Number(filters))
    : distinctFilters(Number(filters));
process.send?.(measureIndex(workload, Number(seed)));
