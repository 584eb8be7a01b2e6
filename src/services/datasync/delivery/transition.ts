import type { Delta } from '../../../protocol/delta.js';

export type Update = Delta & { readonly type: 'update' };

/**
 * What an update means to a subscription that matches the old row, the new row
 * or both; undefined for one that matches neither.
 */
export function transition(
  delta: Update,
  before: boolean,
  after: boolean,
): Delta | undefined {
  if (after) return before ? delta : asInsert(delta);
  return before ? asDelete(delta) : undefined;
}

/**
 * The insert of an update, made once for all who get it. It is kept for as long
 * as the log has the update.
 */
const inserts = new WeakMap<Update, Delta>();
const deletes = new WeakMap<Update, Delta>();

/** The update as it looks to a subscription that the row comes into. */
export function asInsert(update: Update): Delta {
  let delta = inserts.get(update);
  if (delta === undefined) {
    const { model, newData: data, version } = update;
    delta = { type: 'insert', model, data, ...versionOf(version) };
    inserts.set(update, delta);
  }
  return delta;
}

/** The update as it looks to a subscription that the row leaves. */
export function asDelete(update: Update): Delta {
  let delta = deletes.get(update);
  if (delta === undefined) {
    const { model, oldData: data, version } = update;
    delta = { type: 'delete', model, data, ...versionOf(version) };
    deletes.set(update, delta);
  }
  return delta;
}

function versionOf(version: number | undefined) {
  return version === undefined ? {} : { version };
}
