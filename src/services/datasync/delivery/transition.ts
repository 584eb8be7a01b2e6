import type { Delta } from '../../../protocol/delta.js';

export type Update = Delta & { readonly type: 'update' };

/**
 * What an update is to whom the row concerns, as its old and its new values do:
 * undefined where neither does.
 */
export function transition(
  delta: Update,
  before: boolean,
  after: boolean,
): Delta | undefined {
  if (after) return before ? delta : asInsert(delta);
  return before ? asDelete(delta) : undefined;
}

/** The row comes into what is subscribed to. */
export function asInsert({ model, newData, version }: Update): Delta {
  const delta = { type: 'insert' as const, model, data: newData };
  return version === undefined ? delta : { ...delta, version };
}

/** The row leaves what is subscribed to. */
export function asDelete({ model, oldData, version }: Update): Delta {
  const delta = { type: 'delete' as const, model, data: oldData };
  return version === undefined ? delta : { ...delta, version };
}
