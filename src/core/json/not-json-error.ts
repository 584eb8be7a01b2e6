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
 * An application gave a value that JSON cannot express. Nothing was done with
 * the value.
 */
export class NotJsonError extends TypeError {
  readonly code = 'SNORKY_NOT_JSON';

  constructor(
    /**
     * Which part of the value: `identity.roles[2]`, or
     * `identity.sessions[...].id` where a key is no name that programs give to
     * members. At most 200 characters.
     */
    readonly path: string,
    readonly kind: NotJsonKind,
    /** What the part is, and what to do about it. */
    problem: string,
    options?: ErrorOptions,
  ) {
    super(`JSON cannot express ${path}: ${problem}.`, options);
    this.name = 'NotJsonError';
  }
}

/**
 * Thrown in the middle of a value, at a part that JSON cannot express. Who
 * catches it knows the path to the part.
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
 * Names that programs give to members. Other keys are data, such as tokens,
 * addresses and people's names, and errors end up in logs.
 */
const MEMBER = /^[\p{L}$_]{1,40}\d{0,2}$/u;

/** The path to a part of a value, as an error may show it. */
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
