import type { RuledClass } from '../../../core/json/class-rules.js';
import type { ByModel } from '../../../protocol/snorky-types.js';
import { FIXED_LIMITS } from '../../../protocol/limits.js';

/** What is known of a model before any row of it is published. */
export interface ModelOptions {
  /**
   * The class of its rows. What class-transformer's decorators on it say holds
   * for all rows: for spreads and `oldData`, which have no class, and for what
   * backends send. They have the names of the class's properties, and its
   * constructor is not called.
   */
  readonly type?: RuledClass;
  /**
   * The field that identifies a row, or the fields that do together, by their
   * names on pages. A change that cannot be said of one row - its key is missing,
   * or a field that a dealer looks at - has everybody fetch again then who
   * follows the model.
   */
  readonly key?: string | readonly string[];
  /**
   * What dealers, log and pages see in place of a row. At once, not by a promise.
   * With `type` it gets instances of that class.
   *
   * Where it throws, everybody fetches again who follows the model.
   *
   * @example
   * serialize: (task: Task) => instanceToPlain(task, { groups: ['page'] })
   * @default the row, by the rules of its classes (class-transformer)
   */
  serialize?(row: unknown): unknown;
}

/** By the name of the model, as in deltas. */
export type ModelsOptions = ByModel<ModelOptions>;

/** The options of a model, checked. */
export interface ModelSettings {
  readonly type: RuledClass | undefined;
  /** Empty where none is declared. */
  readonly key: readonly string[];
  readonly serialize: ((row: unknown) => unknown) | undefined;
}

export const UNDECLARED: ModelSettings = {
  type: undefined,
  key: [],
  serialize: undefined,
};

/** Fields of one key. */
const MOST_FIELDS = FIXED_LIMITS.keyFields;

/** @throws TypeError naming the option that cannot be. */
export function modelSettings(
  options: ModelsOptions = {},
): ReadonlyMap<string, ModelSettings> {
  return new Map(
    Object.entries(options).map(([model, of]) => [
      model,
      settingsOf(model, of),
    ]),
  );
}

function settingsOf(model: string, options: ModelOptions): ModelSettings {
  const name = `models.${model}`;
  for (const member of Object.keys(options)) {
    // A misspelt `serialize` would let out what it was written to keep.
    if (!['type', 'key', 'serialize'].includes(member)) {
      throw new TypeError(
        `"${name}" has a member "${member}". It may have \`type\`, \`key\` and \`serialize\`.`,
      );
    }
  }
  const { type, key = [], serialize } = options;
  for (const [member, value] of Object.entries({ type, serialize })) {
    if (value !== undefined && typeof value !== 'function') {
      const what = member === 'type' ? 'a class' : 'a function';
      throw new TypeError(`"${name}.${member}" must be ${what}.`);
    }
  }
  return { type, key: keyOf(name, key), serialize };
}

function keyOf(name: string, key: unknown): readonly string[] {
  const fields: readonly unknown[] = Array.isArray(key) ? key : [key];
  const sound =
    fields.length <= MOST_FIELDS &&
    new Set(fields).size === fields.length &&
    fields.every((field) => typeof field === 'string' && field !== '');
  if (sound) return fields as readonly string[];
  throw new TypeError(
    `"${name}.key" must be the name of a field, or a list of at most ${MOST_FIELDS} names.`,
  );
}
