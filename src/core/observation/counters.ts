import {
  COUNTERS,
  type CounterDescription,
  type CounterName,
  type LabelsOf,
} from './counter-table.js';
import { FIXED_LIMITS } from '../../protocol/limits.js';

/**
 * Combinations of labels that are told apart; further ones are counted without
 * labels.
 */
const MAX_SERIES = FIXED_LIMITS.counterSeries;

/** One number, and what it counts. */
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

// Keyed by a symbol, so that the enumerable members are the sums alone.
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
 * What happened in a registry on this node since the server started. All
 * numbers only grow, except `connections`. Read them from a health check.
 *
 * For a metrics page {@link Counters.readings} has the numbers with their
 * labels. It is called when somebody looks; nothing else is needed to attach a
 * page.
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

  /** @param registry The name of the registry: a label of all counters. */
  constructor(registry: string) {
    super();
    this[owner] = registry;
  }

  /** @internal Adds to a counter; `by` is -1 where a gauge falls. */
  add<Name extends CounterName>(
    name: Name,
    labels?: LabelsOf<Name>,
    by: number = 1,
  ): void {
    this.sums[name] += by;
    if (labels !== undefined) this.addTo(name, labels, by);
  }

  /** The counters, one reading for each combination of labels. */
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
