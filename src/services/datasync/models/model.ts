import type { ClassRules } from '../../../core/json/class-rules.js';
import { frozenJson, thawed } from '../../../core/json/frozen-json.js';
import { disown, isPromiseLike } from '../../../core/promise-like.js';
import { isJsonObject, type JsonValue } from '../../../protocol/json.js';
import type { Dealer } from '../dealers/dealer.js';
import { KnownFields, LONGEST_FIELD } from './known-fields.js';
import type { ModelSettings } from './model-options.js';
import { lacksForDealers } from './old-rows.js';

/** The field by which pages find rows by default. */
const USUAL_KEY = 'id';
/** Answers of {@link Model.hiddenOf} that are remembered. */
const MOST_ANSWERS = 1000;
/**
 * Names on the way to a field. Dealers see everything that leaves the server
 * and is deeper.
 */
const MOST_NAMES = 4;

/** A model: how its rows leave the server, and which fields identify them. */
export class Model {
  readonly known = new KnownFields();
  /** Called when the first row is seen. */
  waiting: { rowSeen(): void } | undefined;
  private readonly hidden = new Map<string, boolean>();

  constructor(
    readonly name: string,
    readonly dealers: readonly Dealer<never>[],
    private readonly settings: ModelSettings,
    private readonly rules: ClassRules | undefined,
  ) {}

  get hasKey(): boolean {
    return this.settings.key.length > 0;
  }

  /**
   * The JSON of a row that leaves the server.
   *
   * @param isJson Whether the row came over a wire.
   * @throws NotJsonError, and what rules and `serialize` throw.
   */
  json(row: unknown, what: string, isJson: boolean): JsonValue {
    const { type, serialize } = this.settings;
    if (isJson && type === undefined && serialize === undefined) {
      return row as JsonValue;
    }
    if (serialize !== undefined && isPromiseLike(row)) {
      disown(row);
      throw new TypeError('A row is a promise. Wait for it.');
    }
    const typed = type === undefined ? row : this.typed(row, what);
    const leaving = serialize === undefined ? typed : serialize(typed);
    if (serialize !== undefined && isPromiseLike(leaving)) {
      disown(leaving);
      throw new TypeError('`serialize` must answer at once, not by a promise.');
    }
    return frozenJson(leaving, what, this.rules);
  }

  /**
   * Learns the fields of a whole row, unless the row lacks an id that all
   * others have.
   */
  learn(row: JsonValue): void {
    if (this.seemsWithoutKey(row)) return;
    const first = this.known.none;
    this.known.learn(row);
    if (first && !this.known.none) this.waiting?.rowSeen();
  }

  /**
   * Whether no key is declared and the row lacks the id that all others have.
   */
  seemsWithoutKey(row: JsonValue): boolean {
    return (
      !this.hasKey &&
      this.known.isInAll(USUAL_KEY) &&
      isJsonObject(row) &&
      !Object.hasOwn(row, USUAL_KEY)
    );
  }

  /**
   * Why no page could apply a change to this new row; undefined if pages can.
   */
  faultOfNew(row: JsonValue): string | undefined {
    const fault = this.faultOfKey(row);
    if (fault !== undefined || !isJsonObject(row)) return fault;
    const { known, settings } = this;
    if (!known.none && isOnly(settings.key, row) && known.isIncomplete(row)) {
      return 'has nothing but its key';
    }
    return undefined;
  }

  /**
   * Why a change to this old row cannot be applied by any page, or cannot be
   * assigned by a dealer; undefined if it can.
   */
  faultOfOld(row: JsonValue): string | undefined {
    const fault = this.faultOfKey(row);
    if (fault !== undefined || !isJsonObject(row)) return fault;
    const { known, dealers, settings } = this;
    const bare = known.none && isOnly(settings.key, row);
    const lacking = lacksForDealers(dealers, row, {
      lacks: (field) =>
        !Object.hasOwn(row, field) && (known.none || known.isInAll(field)),
      lacksAny: () => bare || known.isIncomplete(row),
    });
    return lacking === undefined ? undefined : `lacks ${lacking}`;
  }

  /** The first of some fields that the rules of the model's class leave out. */
  hiddenOf(fields: Iterable<string>): string | undefined {
    const { type, serialize } = this.settings;
    const { rules, hidden } = this;
    // What `serialize` leaves out cannot be known, but dealers do not see it
    // either.
    if (type === undefined || rules === undefined || serialize !== undefined) {
      return undefined;
    }
    const asked = new Map<string, string>();
    for (const field of fields) {
      const name = shortened(field);
      const answer = hidden.get(name);
      if (answer === true) return field;
      if (answer === undefined && name.length <= LONGEST_FIELD) {
        asked.set(name, field);
      }
    }
    if (asked.size === 0) return undefined;
    const left = rules.leftOut(type, [...asked.keys()]);
    for (const name of asked.keys()) {
      if (hidden.size < MOST_ANSWERS) hidden.set(name, left.has(name));
    }
    const [first] = left;
    return first === undefined ? undefined : asked.get(first);
  }

  private faultOfKey(row: JsonValue): string | undefined {
    const { key } = this.settings;
    if (!isJsonObject(row)) return 'is no object';
    for (const field of key) {
      const value = Object.hasOwn(row, field) ? row[field] : undefined;
      if (value === undefined || value === null) {
        return `has no ${JSON.stringify(field)}`;
      }
    }
    return undefined;
  }

  private typed(row: unknown, what: string): unknown {
    const { settings, rules } = this;
    const { type } = settings;
    if (type === undefined || rules === undefined) return row;
    if (typeof row !== 'object' || row === null || Array.isArray(row)) {
      return row;
    }
    if (row instanceof type) return row;
    // A row of another class first goes through its own rules and toJSON().
    const members = isPlain(row) ? row : thawed(frozenJson(row, what, rules));
    return isJsonObject(members) ? rules.instance(type, members) : members;
  }
}

/**
 * The part of a field's name that decides whether it leaves: everything inside
 * of a field that is left out is left out with it. Clients may ask for any
 * name, and each is kept.
 */
function shortened(field: string): string {
  const name = field.split('.', MOST_NAMES).join('.');
  return name.length <= LONGEST_FIELD ? name : (name.split('.', 1)[0] ?? name);
}

/** Whether a row has only these fields. */
function isOnly(fields: readonly string[], row: object): boolean {
  return Object.keys(row).every((name) => fields.includes(name));
}

/**
 * Whether an object is a plain one, without a class that decides how it is
 * written.
 */
function isPlain(row: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(row);
  if (prototype !== Object.prototype && prototype !== null) return false;
  return typeof (row as { toJSON?: unknown }).toJSON !== 'function';
}
