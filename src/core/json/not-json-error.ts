/** The kinds of what JSON cannot express. */
export type NotJsonKind =
  | 'bigint'
  | 'function'
  | 'symbol'
  /** `NaN`, `Infinity`, or an invalid `Date`. */
  | 'number'
  | 'promise'
  | 'collection'
  /** An instance that would become `{}`. */
  | 'empty'
  | 'undefined'
  | 'cycle'
  | 'depth'
  /** More than `MAX_PARTS` parts. */
  | 'size'
  /** A getter, a proxy or a `toJSON` throws. */
  | 'unreadable';

/**
 * A value that an application gave is none that JSON can express. Nothing was
 * done with it.
 */
export class NotJsonError extends TypeError {
  readonly code = 'SNORKY_NOT_JSON';

  constructor(
    /**
     * Which part of it: `identity.roles[2]`, or `identity.sessions[...].id` where
     * a key is none that a program would call a member. At most 200 characters.
     */
    readonly path: string,
    readonly kind: NotJsonKind,
    /** What is there, and what to do. */
    problem: string,
    options?: ErrorOptions,
  ) {
    super(`JSON cannot express ${path}: ${problem}.`, options);
    this.name = 'NotJsonError';
  }
}

/**
 * Thrown in the middle of a value, at a part that JSON cannot express. The path
 * to the part is known where this is caught.
 */
export class NotJson extends Error {
  constructor(
    readonly kind: NotJsonKind,
    problem: string,
  ) {
    super(problem);
  }
}

const LONGEST_PATH = 200;
/**
 * What members of a program are called. Other keys are data - tokens, addresses,
 * names of people - and errors end up in logs.
 */
const MEMBER = /^[\p{L}$_]{1,40}\d{0,2}$/u;

/** The way to a part of a value, as an error may show it. */
export function pathText(
  name: string,
  path: readonly (string | number)[],
): string {
  let text = name;
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else text += MEMBER.test(step) ? `.${step}` : '[...]';
    if (text.length > LONGEST_PATH)
      return `${text.slice(0, LONGEST_PATH - 3)}...`;
  }
  return text;
}
