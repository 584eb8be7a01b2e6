import { callable, Class, type AnyClass } from './class.js';
// oxlint-disable-next-line no-restricted-imports -- Really all of its names.
import type * as Face from './index.js';

// The browser file runs this. It makes the global `Snorky`, for pages without
// modules, from everything in `snorky/client`, under the names that such pages
// know from the original. `Snorky.Promise` and `Snorky.Signal` are members of
// the class itself.

/** Makes the global of everything that `snorky/client` exports. */
export function makeGlobal({ Snorky, ...members }: typeof Face): void {
  for (const [name, member] of Object.entries(members)) {
    Object.assign(Snorky, {
      [name]: isClass(member) ? callable(member) : member,
    });
  }
  const { Collection, CollectionIterator, DataSync, ...others } =
    Snorky as unknown as typeof Face;
  const { ArrayCollection, CollectionDeltaProcessor, SingleItemCollection } =
    others;
  Object.assign(DataSync, {
    Collection,
    Iterator: CollectionIterator,
    ArrayCollection,
    SingleItemCollection,
    CollectionDeltaProcessor,
  });
  Object.assign(globalThis, { Snorky: Object.assign(Snorky, { Class }) });
}

/**
 * Whether a member is a class. The prototype of a function can be replaced,
 * that of a class cannot.
 */
function isClass(member: unknown): member is AnyClass {
  return (
    typeof member === 'function' &&
    Object.getOwnPropertyDescriptor(member, 'prototype')?.writable === false
  );
}
