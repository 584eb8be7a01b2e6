import type { RuledClass } from '../../../core/json/class-rules.js';
import type { ByModel } from '../../../protocol/snorky-types.js';
import { FIXED_LIMITS } from '../../../protocol/limits.js';

/** What is declared about a model before any row of it is published. */
export interface ModelOptions {
  /**
   * The class of the model's rows. The rules of class-transformer's decorators
   * on it apply to all rows, also to those without a class: spreads, `oldData`,
   * and rows that backends send. Fields of rows must have the names of the
   * class's properties. Its constructor is not called.
   */
  readonly type?: RuledClass;
  /**
   * The field that identifies a row, or a list of fields that do so together,
   * by their names on pages. If a published row lacks the key or a field that a
   * dealer reads, its change cannot be applied: all clients that follow the
   * model then fetch again.
   */
  readonly key?: string | readonly string[];
  /**
   * Makes what dealers, the log and pages see in place of a row. It must return
   * a value and no promise. With `type`, it gets instances of that class.
   *
   * If it throws, all clients that follow the model fetch again.
   *
   * @example
   * serialize: (task: Task) => instanceToPlain(task, { groups: ['page'] })
   * @default the row, by the rules of its classes (class-transformer)
   */
  serialize?(row: unknown): unknown;
}

/** The options of models, by the names that deltas have. */
export type ModelsOptions = ByModel<ModelOptions>;

/** The options of a model, checked. */
export interface ModelSettings {
  readonly type: RuledClass | undefined;
  /** Empty if no key is declared. */
  readonly key: readonly string[];
  readonly serialize: ((row: unknown) => unknown) | undefined;
}

export const UNDECLARED: ModelSettings = {
  type: undefined,
  key: [],
  serialize: undefined,
};

/** Fields of one key at most. */
const MOST_FIELDS = FIXED_LIMITS.keyFields;

/** @throws TypeError naming the option that makes no sense. */
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
    // A misspelt `serialize` would let out what it was written to keep in.
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
