import { callable, Class, type AnyClass } from './class.js';
import { ArrayCollection } from './collections/array-collection.js';
import { CollectionDeltaProcessor } from './collections/collection-delta-processor.js';
import { Collection, CollectionIterator } from './collections/collection.js';
import { SingleItemCollection } from './collections/single-item-collection.js';
import { DataSync } from './datasync.js';
// oxlint-disable-next-line no-restricted-imports -- Really all of its names.
import * as face from './index.js';
import { Snorky } from './snorky.js';

// What becomes the browser file: the global `Snorky`, for pages without modules.
// It has everything of `snorky/client`, and the names that such pages know from
// the original. `Snorky.Promise` and `Snorky.Signal` are the class's own.

const { Snorky: _, ...members } = face;

Object.assign(DataSync, {
  Collection: callable(Collection),
  Iterator: callable(CollectionIterator),
  ArrayCollection: callable(ArrayCollection),
  SingleItemCollection: callable(SingleItemCollection),
  CollectionDeltaProcessor: callable(CollectionDeltaProcessor),
});

Object.assign(Snorky, { Class });
for (const [name, member] of Object.entries(members)) {
  Object.assign(Snorky, {
    [name]: isClass(member) ? callable(member) : member,
  });
}

Object.assign(globalThis, { Snorky });

/** Functions let their prototype be replaced. */
function isClass(member: unknown): member is AnyClass {
  return (
    typeof member === 'function' &&
    Object.getOwnPropertyDescriptor(member, 'prototype')?.writable === false
  );
}
