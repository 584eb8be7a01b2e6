import {
  COUNTERS,
  type CounterDescription,
  type CounterName,
  type LabelsOf,
} from './counter-table.js';
import { FIXED_LIMITS } from '../../protocol/limits.js';

/** So many different labels are told apart; what comes beyond has none. */
const MAX_SERIES = FIXED_LIMITS.counterSeries;

/** One number, and what it is of. */
export interface CounterReading extends Omit<CounterDescription, 'labels'> {
  readonly name: CounterName;
  readonly labels: {
    readonly registry: string;
    readonly service?: string;
    readonly reason?: string;
  };
  readonly value: number;
}

interface Labels {
  readonly service?: string;
  readonly reason?: string;
}

interface Series {
  readonly name: CounterName;
  readonly labels: Labels;
  value: number;
}

// Symbols, so that a list of the members has the sums alone.
const series: unique symbol = Symbol('snorky:series');
const owner: unique symbol = Symbol('snorky:registry');

/** The sum of each counter, by its name. */
const Sums = class {
  constructor() {
    for (const name of Object.keys(COUNTERS))
      Object.assign(this, { [name]: 0 });
  }
} as new () => Readonly<Record<CounterName, number>>;

/**
 * What happened in a registry since the server started, on this node. Plain numbers
 * that only grow, `connections` aside: read them from a health check. What a metrics
 * page wants, with labels, {@link Counters.readings} has: it is asked when somebody
 * looks, and nothing else is needed to attach one.
 *
 * @example With prom-client
 * new Gauge({
 *   name: 'snorky_refused',
 *   help: 'Upgrades refused',
 *   labelNames: ['registry', 'reason'],
 *   collect() {
 *     this.reset();
 *     for (const { name, labels, value } of registry.counters.readings()) {
 *       if (name === 'refused') this.set(labels, value);
 *     }
 *   },
 * });
 */
export class Counters extends Sums {
  private readonly [series] = new Map<string, Series>();
  private readonly [owner]: string;

  /** @param registry Whose they are: a label of all of them. */
  constructor(registry: string) {
    super();
    this[owner] = registry;
  }

  /** @internal Counts something that has happened, or ended where `by` is -1. */
  add<Name extends CounterName>(
    name: Name,
    labels?: LabelsOf<Name>,
    by: number = 1,
  ): void {
    this.sums[name] += by;
    if (labels !== undefined) this.addTo(name, labels, by);
  }

  /** All counters, by their labels. */
  readings(): CounterReading[] {
    const registry = this[owner];
    const rest = { ...this.sums };
    const readings: CounterReading[] = [];
    const read = (name: CounterName, labels: Labels, value: number): void => {
      const { kind, is } = COUNTERS[name];
      readings.push({
        name,
        kind,
        is,
        labels: { registry, ...labels },
        value,
      });
    };
    const labelled = new Set<CounterName>();
    for (const { name, labels, value } of this[series].values()) {
      labelled.add(name);
      rest[name] -= value;
      read(name, labels, value);
    }
    for (const name of Object.keys(COUNTERS) as CounterName[]) {
      if (rest[name] !== 0 || !labelled.has(name)) read(name, {}, rest[name]);
    }
    return readings;
  }

  private addTo(name: CounterName, labels: Labels, by: number): void {
    const { service = null, reason = null } = labels;
    const key = JSON.stringify([name, service, reason]);
    let one = this[series].get(key);
    if (one === undefined) {
      if (this[series].size >= MAX_SERIES) return;
      one = { name, labels: { ...labels }, value: 0 };
      this[series].set(key, one);
    }
    one.value += by;
  }

  private get sums(): Record<CounterName, number> {
    return this as unknown as Record<CounterName, number>;
  }
}
