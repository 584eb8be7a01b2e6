import type { Delta } from '../../../protocol/delta.js';

export type Update = Delta & { readonly type: 'update' };

/**
 * What an update means to a subscription, by whether it matches the old and the
 * new row: undefined where it matches neither.
 */
export function transition(
  delta: Update,
  before: boolean,
  after: boolean,
): Delta | undefined {
  if (after) return before ? delta : asInsert(delta);
  return before ? asDelete(delta) : undefined;
}

/** Made once for all whom an update concerns, for as long as the log has it. */
const inserts = new WeakMap<Update, Delta>();
const deletes = new WeakMap<Update, Delta>();

/** The row comes into what is subscribed to. */
export function asInsert(update: Update): Delta {
  let delta = inserts.get(update);
  if (delta === undefined) {
    const { model, newData: data, version } = update;
    delta = { type: 'insert', model, data, ...versionOf(version) };
    inserts.set(update, delta);
  }
  return delta;
}

/** The row leaves what is subscribed to. */
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
