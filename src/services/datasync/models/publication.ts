import { NotJsonError } from '../../../core/json/not-json-error.js';
import { isInstance } from '../../../core/is-instance.js';
import { disown } from '../../../core/promise-like.js';
import { RpcError } from '../../../core/rpc/rpc-error.js';
import { WireError } from '../../../protocol/errors.js';
import type { JsonValue } from '../../../protocol/json.js';
import type { Delta } from '../../../protocol/delta.js';
import type { Model } from './model.js';
import type { Models } from './models.js';

/** What is published of a batch. */
export interface Publication {
  readonly deltas: readonly Delta[];
  /**
   * Models that have changed in a way that deltas cannot express: their rows
   * are fetched again.
   */
  readonly stale: ReadonlySet<string>;
}

type Given = Readonly<Record<keyof GivenDelta, unknown>>;
interface GivenDelta {
  type: unknown;
  model: unknown;
  data: unknown;
  newData: unknown;
  oldData: unknown;
  version: unknown;
}

/**
 * Makes the publication of a batch. A batch is published after the commit. So
 * one bad row must not keep the others from being published, and no page may go
 * on showing its old values.
 *
 * @param isJson Whether the batch came over a wire.
 * @throws RpcError for the first delta that is invalid; NotJsonError for one
 *   that cannot be read. Nothing is published then.
 */
export function publicationOf(
  batch: unknown,
  models: Models,
  isJson: boolean,
): Publication {
  if (!Array.isArray(batch)) {
    disownAll([batch]);
    throw new RpcError(WireError.deltasNotAList);
  }
  let all: Read[];
  try {
    all = batch.map((delta: unknown) => read(delta, models));
  } catch (error) {
    disownAll(batch);
    throw error;
  }
  const deltas: Delta[] = [];
  const stale = new Set<string>();
  const endless = new Set<Model>();
  for (const { given, model } of all) {
    if (model === undefined || endless.has(model)) {
      disownAll([given]);
      continue;
    }
    const rows = new Rows(model, models, String(given.type), isJson);
    const delta = deltaOf(given, model, rows);
    if (rows.areEndless) endless.add(model);
    if (delta === undefined) stale.add(model.name);
    else deltas.push(delta);
  }
  return { deltas, stale };
}

/**
 * A delta, checked except for its rows. `model` is undefined if nobody follows
 * it.
 */
interface Read {
  readonly given: Given;
  readonly model: Model | undefined;
}

function read(delta: unknown, models: Models): Read {
  if (typeof delta !== 'object' || delta === null || Array.isArray(delta)) {
    throw new RpcError(WireError.deltaNotAnObject);
  }
  const given = membersOf(delta as Given);
  const { type, model: name } = given;
  if (type === undefined || name === undefined) {
    throw new RpcError(WireError.missingField);
  }
  if (typeof name !== 'string') throw new RpcError(WireError.modelNotAString);
  if (type !== 'insert' && type !== 'delete' && type !== 'update') {
    throw new RpcError(WireError.invalidDeltaType);
  }
  const model = models.find(name);
  const isWhole =
    type === 'update'
      ? given.newData !== undefined && given.oldData !== undefined
      : given.data !== undefined;
  if (!isWhole && model?.hasKey !== true) {
    throw new RpcError(WireError.missingField);
  }
  return { given, model };
}

/** The delta to publish; undefined if no page could apply it. */
function deltaOf(
  { type, data, newData, oldData, version }: Given,
  model: Model,
  rows: Rows,
): Delta | undefined {
  // A `version` that is no number is dropped, like unknown members.
  const versioned =
    typeof version === 'number' && Number.isFinite(version) ? { version } : {};
  const { name } = model;
  if (type === 'update') {
    const after = rows.of('newData', newData);
    if (after === undefined) {
      disownAll([oldData]);
      return undefined;
    }
    const before = rows.of('oldData', oldData);
    return before === undefined
      ? undefined
      : { type, model: name, newData: after, oldData: before, ...versioned };
  }
  const row = rows.of('data', data);
  return row === undefined
    ? undefined
    : {
        type: type as 'insert' | 'delete',
        model: name,
        data: row,
        ...versioned,
      };
}

/** The rows of one delta. */
class Rows {
  /**
   * Whether one of the rows was too large to write, as entities are that
   * contain each other or share too much. Finding that out takes long, and
   * other rows of the batch are alike. Their model is fetched again anyway, so
   * they are skipped.
   */
  areEndless = false;

  constructor(
    private readonly model: Model,
    private readonly models: Models,
    private readonly type: string,
    private readonly isJson: boolean,
  ) {}

  /**
   * The JSON of a row; undefined, with a line in the log, if no page could use
   * it.
   */
  of(
    what: 'data' | 'newData' | 'oldData',
    given: unknown,
  ): JsonValue | undefined {
    const { model, models, type } = this;
    let row: JsonValue;
    try {
      row = model.json(given, what, this.isJson);
    } catch (error) {
      this.areEndless ||= isEndless(error);
      models.unsayable(model, type, what, error);
      return undefined;
    }
    const isOld = what === 'oldData' || type === 'delete';
    if (model.hasKey) {
      const fault = isOld ? model.faultOfOld(row) : model.faultOfNew(row);
      if (fault !== undefined) {
        models.inapplicable(model, type, what, fault);
        return undefined;
      }
    } else if (model.seemsWithoutKey(row)) {
      models.withoutKey(model, type, what);
    }
    if (!isOld) model.learn(row);
    return row;
  }
}

function isEndless(error: unknown): boolean {
  if (isInstance(error, NotJsonError) && error.kind === 'size') return true;
  const thrown = isInstance(error, NotJsonError) ? error.cause : error;
  return isInstance(thrown, RangeError) && /call stack/i.test(thrown.message);
}

/**
 * Reads the members of a delta. This calls getters of the application, once.
 */
function membersOf(delta: Given): Given {
  try {
    const { type, model, data, newData, oldData, version } = delta;
    return { type, model, data, newData, oldData, version };
  } catch (cause) {
    if (isInstance(cause, NotJsonError)) throw cause;
    throw new NotJsonError(
      'deltas',
      'unreadable',
      'it throws when it is read',
      {
        cause,
      },
    );
  }
}

/** Takes the rejections of rows that are promises: nobody else would. */
function disownAll(deltas: readonly unknown[]): void {
  for (const delta of deltas) {
    try {
      disown(delta);
      if (typeof delta !== 'object' || delta === null) continue;
      const { data, newData, oldData } = delta as Given;
      for (const row of [data, newData, oldData]) disown(row);
    } catch {
      // A value that throws when it is read is ignored.
    }
  }
}
