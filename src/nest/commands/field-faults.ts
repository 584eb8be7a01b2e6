import type { ValidationError } from 'class-validator';
import type { FieldFault } from '../../core/rpc-error.js';
import type { SchemaIssue } from './standard-schema.js';

/** Fields that are told of; of a list of a million wrong items the first ones. */
const MOST_FIELDS = 50;
/** Messages of one field. */
const MOST_MESSAGES = 10;
/** Characters of a message, and of a path. */
const LONGEST = 200;
/** Levels of nested validation errors that are looked into. */
const DEEPEST = 50;

/** Collects what validators say, by the path of the value. */
export class FieldFaults {
  private readonly byPath = new Map<string, string[]>();
  /** A name that the declared class does not know, where there was one. */
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

  /** What class-validator found, in objects inside too. */
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

  /** What a Standard Schema found. */
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

function join(parent: string, name: string | undefined): string {
  if (name === undefined || name === '') return parent;
  return parent === '' ? name : `${parent}.${name}`;
}
