import type { JsonValue } from '../../../protocol/json.js';
import { parseField } from './field.js';
import {
  Equal,
  Every,
  Not,
  OneOf,
  Ordered,
  Some,
  type Predicate,
} from './predicate.js';

/** The size that a filter may have. */
export interface FilterLimits {
  /** Levels of filters inside of filters. @default 32 */
  readonly depth: number;
  /** Comparisons, connectives and values of `in`, all together. @default 1000 */
  readonly size: number;
}

export const DEFAULT_FILTER_LIMITS: FilterLimits = { depth: 32, size: 1000 };

/** The query is no valid filter. The message names the faulty part. */
export class InvalidFilter extends Error {
  constructor(
    /** The path of the part: `[2][1]` is the second part of the third. */
    readonly at: string,
    problem: string,
  ) {
    super(`Invalid filter${at === '' ? '' : ` at ${at}`}: ${problem}`);
    this.name = 'InvalidFilter';
  }
}

/**
 * Checks a whole filter and parses it into predicates.
 *
 * @throws InvalidFilter when any part is invalid, or the filter is too large.
 */
export function parseFilter(
  query: JsonValue,
  limits: FilterLimits = DEFAULT_FILTER_LIMITS,
): Predicate {
  return new FilterParser(limits).parse(query, '', 1);
}

class FilterParser {
  private size = 0;

  constructor(private readonly limits: FilterLimits) {}

  parse(query: JsonValue, at: string, depth: number): Predicate {
    const { limits } = this;
    if (depth > limits.depth) {
      throw new InvalidFilter(at, `more than ${limits.depth} levels`);
    }
    this.count(1, at);
    if (!isList(query)) throw new InvalidFilter(at, 'a filter is a list');
    const [operator, ...rest] = query;
    if (operator === undefined)
      throw new InvalidFilter(at, 'the list is empty');
    if (typeof operator !== 'string') {
      throw new InvalidFilter(`${at}[0]`, 'unknown operator');
    }
    switch (operator) {
      case '==': {
        const [field, value] = this.operands(rest, at);
        return new Equal(parseField(field), value);
      }
      case '<':
      case '<=':
      case '>':
      case '>=': {
        const [field, value] = this.operands(rest, at);
        return new Ordered(operator, parseField(field), value);
      }
      case 'in': {
        const [field, values] = this.operands(rest, at);
        if (!isList(values)) {
          throw new InvalidFilter(`${at}[2]`, '"in" takes a list of values');
        }
        this.count(values.length, `${at}[2]`);
        return new OneOf(parseField(field), values);
      }
      case 'and':
        return new Every(this.parts(rest, at, depth));
      case 'or':
        return new Some(this.parts(rest, at, depth));
      case 'not': {
        const [part, ...more] = this.parts(rest, at, depth);
        if (part === undefined || more.length > 0) {
          throw new InvalidFilter(at, '"not" takes one filter');
        }
        return new Not(part);
      }
      default:
        throw new InvalidFilter(`${at}[0]`, 'unknown operator');
    }
  }

  private parts(
    rest: readonly JsonValue[],
    at: string,
    depth: number,
  ): Predicate[] {
    return rest.map((part, index) =>
      this.parse(part, `${at}[${index + 1}]`, depth + 1),
    );
  }

  private operands(
    rest: readonly JsonValue[],
    at: string,
  ): [field: string, value: JsonValue] {
    const [field, value] = rest;
    if (rest.length !== 2 || value === undefined) {
      throw new InvalidFilter(at, 'a comparison takes a field and a value');
    }
    if (typeof field !== 'string') {
      throw new InvalidFilter(`${at}[1]`, 'the field is not a string');
    }
    return [field, value];
  }

  private count(more: number, at: string): void {
    this.size += more;
    if (this.size > this.limits.size) {
      throw new InvalidFilter(at, `more than ${this.limits.size} parts`);
    }
  }
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
