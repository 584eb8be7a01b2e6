import type { JsonValue } from '../../../protocol/json.js';
import { readField, type FieldPath } from './field.js';
import { compare, isOrderable, jsonEquals } from './order.js';

/** The operators that compare a field with a value by order. */
export type OrderOperator = '<' | '<=' | '>' | '>=';

/**
 * A parsed filter, which can be evaluated. The parsed tree is evaluated itself,
 * so that a million filters are in memory only once.
 */
export type Predicate = Equal | OneOf | Ordered | Every | Some | Not;

/** `["==", field, value]` */
export class Equal {
  readonly kind = 'equal';
  constructor(
    readonly path: FieldPath,
    readonly value: JsonValue,
  ) {}

  matches(row: JsonValue): boolean {
    const value = readField(row, this.path);
    return value !== undefined && jsonEquals(value, this.value);
  }
}

/** `["in", field, [value...]]` */
export class OneOf {
  readonly kind = 'oneOf';
  constructor(
    readonly path: FieldPath,
    readonly values: readonly JsonValue[],
  ) {}

  matches(row: JsonValue): boolean {
    const value = readField(row, this.path);
    return (
      value !== undefined &&
      this.values.some((candidate) => jsonEquals(value, candidate))
    );
  }
}

/** `["<", field, value]` and the other three */
export class Ordered {
  readonly kind = 'ordered';
  constructor(
    readonly operator: OrderOperator,
    readonly path: FieldPath,
    readonly value: JsonValue,
  ) {}

  matches(row: JsonValue): boolean {
    const value = readField(row, this.path);
    const bound = this.value;
    if (!isOrderable(value) || !isOrderable(bound)) return false;
    if (typeof value !== typeof bound) return false;
    const order = compare(value, bound);
    switch (this.operator) {
      case '<':
        return order < 0;
      case '<=':
        return order <= 0;
      case '>':
        return order > 0;
      case '>=':
        return order >= 0;
    }
  }
}

/** `["and", filter...]`; true if it has no filters */
export class Every {
  readonly kind = 'every';
  constructor(readonly parts: readonly Predicate[]) {}

  matches(row: JsonValue): boolean {
    for (const part of this.parts) if (!part.matches(row)) return false;
    return true;
  }
}

/** `["or", filter...]`; false if it has no filters */
export class Some {
  readonly kind = 'some';
  constructor(readonly parts: readonly Predicate[]) {}

  matches(row: JsonValue): boolean {
    for (const part of this.parts) if (part.matches(row)) return true;
    return false;
  }
}

/** `["not", filter]`; also true if the field is missing or has another type */
export class Not {
  readonly kind = 'not';
  constructor(readonly part: Predicate) {}

  matches(row: JsonValue): boolean {
    return !this.part.matches(row);
  }
}

/** The fields of a filter, as they are written in it. */
export function fieldsOf(predicate: Predicate): Set<string> {
  const fields = new Set<string>();
  const parts = [predicate];
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    switch (part.kind) {
      case 'every':
      case 'some':
        parts.push(...part.parts);
        break;
      case 'not':
        parts.push(part.part);
        break;
      default:
        fields.add(
          typeof part.path === 'string' ? part.path : part.path.join('.'),
        );
    }
  }
  return fields;
}
