import type { ValidationError } from 'class-validator';
import type { FieldFault } from '../../core/field-fault.js';
import { InvalidParams } from '../../core/rpc/rpc-error.js';
import type { SchemaIssue } from '../decorators/standard-schema.js';
import { FIXED_LIMITS } from '../../protocol/limits.js';

/**
 * Fields that a caller is told of: the first ones, since a list may have a
 * million wrong items.
 */
const MOST_FIELDS = FIXED_LIMITS.faultFields;
/** Messages for one field at most. */
const MOST_MESSAGES = FIXED_LIMITS.faultMessages;
/** Characters of a message, and of a path, at most. */
const LONGEST = FIXED_LIMITS.faultTextLength;
/** Levels of nested validation errors that are read. */
const DEEPEST = 50;

/** Collects the messages of validators, by the path of the value. */
export class FieldFaults {
  private readonly byPath = new Map<string, string[]>();
  /** A name that the declared class does not know, if there was one. */
  unknown: string | undefined;

  get list(): FieldFault[] {
    return [...this.byPath].map(([path, messages]) => ({ path, messages }));
  }

  private get full(): boolean {
    return this.byPath.size >= MOST_FIELDS;
  }

  add(where: string, message: unknown): void {
    const path = where.slice(0, LONGEST);
    const known = this.byPath.get(path);
    if (known === undefined && this.full) return;
    const words =
      typeof message === 'string' && message !== '' ? message : 'is refused';
    const cut =
      words.length > LONGEST ? `${words.slice(0, LONGEST - 3)}...` : words;
    if (known === undefined) this.byPath.set(path, [cut]);
    else if (known.length < MOST_MESSAGES) known.push(cut);
  }

  /**
   * Adds what the exception of a pipe says. Nest's pipes have a sentence, a
   * list of sentences or, grouped, a record. An `exceptionFactory` often gives
   * the validator's own errors or issues, directly or as `errors`.
   */
  addResponse(response: unknown, parent: string): void {
    if (typeof response === 'object' && response !== null) {
      for (const name of ['errors', 'issues', 'fields', 'message']) {
        const said: unknown = Reflect.get(response, name);
        if (typeof said !== 'object' || said === null) continue;
        this.addSaid(said, parent);
        if (this.byPath.size > 0) return;
      }
      const sentence: unknown = Reflect.get(response, 'message');
      if (typeof sentence === 'string') {
        this.add(parent, sentence);
        return;
      }
    }
    this.addSaid(response, parent);
    if (this.byPath.size === 0) this.add(parent, undefined);
  }

  private addSaid(said: unknown, parent: string): void {
    if (typeof said === 'string') {
      this.add(parent, said);
    } else if (Array.isArray(said)) {
      for (const one of said as readonly unknown[]) {
        if (this.full) return;
        if (typeof one === 'string') this.add(parent, one);
        else if (isValidationError(one)) this.addErrors([one], parent);
        else if (isIssue(one)) this.addIssues([one], parent);
      }
    } else if (typeof said === 'object' && said !== null) {
      for (const [name, messages] of Object.entries(said)) {
        if (this.full) return;
        const all: readonly unknown[] = Array.isArray(messages)
          ? messages
          : [messages];
        for (const one of all.slice(0, MOST_MESSAGES)) {
          if (typeof one === 'string') this.add(join(parent, name), one);
        }
      }
    }
  }

  /** Adds the errors of class-validator, those inside of objects too. */
  addErrors(
    errors: readonly ValidationError[],
    parent: string,
    depth = 0,
  ): void {
    for (const { property, constraints, children } of errors) {
      if (this.full || depth > DEEPEST) return;
      const path = join(parent, property as string | undefined);
      for (const [name, message] of Object.entries(constraints ?? {})) {
        if (name === 'whitelistValidation') this.unknown ??= path;
        this.add(path, message);
      }
      if (children !== undefined) this.addErrors(children, path, depth + 1);
    }
  }

  /** Adds the issues of a Standard Schema. */
  addIssues(issues: readonly SchemaIssue[], parent: string): void {
    for (const { path = [], message } of issues) {
      if (this.full) return;
      let whole = parent;
      for (const part of path.slice(0, DEEPEST)) {
        const key = typeof part === 'object' ? part.key : part;
        whole = join(whole, String(key));
      }
      this.add(whole, message);
    }
  }
}

/**
 * One error for several parameters that do not fit. If one of the faults is
 * such that no user could correct it, the caller learns about none.
 *
 * @param each The faults of one parameter each; undefined where there are none.
 */
export function mergedFaults(
  each: readonly (readonly FieldFault[] | undefined)[],
  exposed: boolean,
): InvalidParams {
  const wrong = each.filter((list) => list !== undefined);
  const faults = wrong.flat().slice(0, MOST_FIELDS);
  const curable = wrong.every((list) => list.length > 0);
  return new InvalidParams(undefined, faults, exposed && curable);
}

function isValidationError(said: unknown): said is ValidationError {
  return (
    typeof said === 'object' &&
    said !== null &&
    'property' in said &&
    typeof said.property === 'string' &&
    ('constraints' in said || 'children' in said)
  );
}

function isIssue(said: unknown): said is SchemaIssue {
  return (
    typeof said === 'object' &&
    said !== null &&
    'message' in said &&
    typeof said.message === 'string' &&
    (!('path' in said) || said.path === undefined || Array.isArray(said.path))
  );
}

function join(parent: string, name: string | undefined): string {
  if (name === undefined || name === '') return parent;
  return parent === '' ? name : `${parent}.${name}`;
}
