import type { ModulesContainer } from '@nestjs/core';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { InstanceWrapper } from './nest-internals.js';
import { setupError, type SnorkySetupError } from './setup-errors.js';

/** What all copies of the package in one process know of each other. */
interface Copies {
  /** The path of this file in each copy that was loaded. */
  readonly loaded: Set<string>;
  /** The copy that each class belongs to, or that has decorated it. */
  readonly classes: WeakMap<object, string>;
  /** The copy whose adapter an application has, by the application's server. */
  readonly adapters: WeakMap<object, string>;
}

/** Other versions of the package share this object: its shape never changes. */
const KEY = Symbol.for('snorky:copies');

const copies = ((globalThis as { [KEY]?: Copies })[KEY] ??= {
  loaded: new Set(),
  classes: new WeakMap(),
  adapters: new WeakMap(),
});

/**
 * The path of this copy. A test runner may load one copy many times, with
 * another query each time. A bundler that writes CommonJS leaves it empty.
 */
const OWN = ((import.meta.url as string | undefined) ?? '').replace(
  /[?#].*$/,
  '',
);

const REMEDY =
  '`npm ls snorky` shows who asks for which; give all of them one version, ' +
  'then run `npm dedupe`.';

/** Folders between this file and the package's own folder at most. */
const DEEPEST = 6;

load();

/** Notes that a class belongs to this copy, or was decorated by it. */
export function ofThisCopy(classRef: object): void {
  copies.classes.set(classRef, OWN);
}

/** Notes that the application on `server` has this copy's adapter. */
export function adapterOfThisCopy(server: object): void {
  copies.adapters.set(server, OWN);
}

/**
 * Refuses an application that is made of several copies of the package. Copies
 * share neither classes nor tokens, so each misses what comes from the others.
 *
 * @throws SnorkySetupError that says where the copies are.
 */
export function checkCopies(modules: ModulesContainer): void {
  if (copies.loaded.size < 2) return;
  const parts = new Map<string, Set<string>>();
  for (const classRef of classesOf(modules)) {
    for (const copy of copiesOf(classRef)) noteIn(parts, copy, classRef.name);
  }
  if (parts.size > 1) throw severalCopies(parts);
}

/**
 * Explains why an adapter seems to be missing; undefined if it is really
 * missing.
 */
export function adapterOfAnotherCopy(
  server: object,
): SnorkySetupError | undefined {
  const other = copies.adapters.get(server);
  if (other === undefined || other === OWN) return undefined;
  const parts = new Map<string, Set<string>>();
  noteIn(parts, OWN, 'SnorkyModule');
  noteIn(parts, other, 'SnorkyWsAdapter');
  return severalCopies(parts);
}

function load(): void {
  if (OWN === '') return;
  const [first] = copies.loaded;
  copies.loaded.add(OWN);
  if (first === undefined || copies.loaded.size < 2) return;
  // Where a class of one copy is injected and another copy's is provided, Nest
  // itself fails before anything here runs. This is a warning and no error,
  // because two applications of one process may each have their own copy.
  process.emitWarning(
    `Two copies of snorky are loaded: ${describe(first)}; ${describe(OWN)}. ` +
      `If one application imports from both: ${REMEDY}`,
    { code: 'SNORKY_COPIES' },
  );
}

function* classesOf(
  modules: ModulesContainer,
): Iterable<{ readonly name: string }> {
  for (const module of modules.values()) {
    yield module.metatype;
    const { providers, injectables, controllers } = module;
    for (const wrappers of [providers, injectables, controllers]) {
      for (const wrapper of wrappers.values()) {
        yield* classesOfProvider(wrapper);
      }
    }
  }
}

function* classesOfProvider({
  metatype,
  token,
  instance,
}: InstanceWrapper): Iterable<{ readonly name: string }> {
  const made: unknown = instance;
  const prototype: unknown =
    typeof made === 'object' && made !== null
      ? Object.getPrototypeOf(made)
      : undefined;
  const constructor = (prototype as { constructor?: unknown } | undefined)
    ?.constructor;
  for (const one of [metatype, token, constructor]) {
    if (typeof one === 'function') yield one;
  }
}

/** The copies that a class or its ancestors belong to. */
function* copiesOf(classRef: object): Iterable<string> {
  let current: object | null = classRef;
  while (current !== null) {
    const copy = copies.classes.get(current);
    if (copy !== undefined) yield copy;
    current = Object.getPrototypeOf(current) as object | null;
  }
}

function noteIn(
  parts: Map<string, Set<string>>,
  copy: string,
  name: string,
): void {
  const known = parts.get(copy);
  if (known === undefined) parts.set(copy, new Set([name]));
  else known.add(name);
}

function severalCopies(
  parts: ReadonlyMap<string, ReadonlySet<string>>,
): SnorkySetupError {
  return setupError(
    'SNORKY_COPIES',
    [...parts]
      .map(([copy, names]) => `${describe(copy)} (${listed([...names])})`)
      .join('; '),
    REMEDY,
  );
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}

/**
 * Describes a copy. The folder of the package is searched upwards: this file
 * lies deeper in some versions than in others.
 */
function describe(copy: string): string {
  let folder = new URL('./', copy);
  for (let depth = 0; depth < DEEPEST; depth++) {
    const version = versionAt(folder);
    if (version !== undefined)
      return `version ${version} in ${written(folder)}`;
    folder = new URL('../', folder);
  }
  return `a version in ${written(new URL('./', copy))}`;
}

function versionAt(folder: URL): string | undefined {
  try {
    const text = readFileSync(new URL('package.json', folder), 'utf8');
    return (JSON.parse(text) as { version?: string }).version;
  } catch {
    return undefined;
  }
}

function written(folder: URL): string {
  try {
    return fileURLToPath(folder).replace(/[/\\]$/, '');
  } catch {
    return folder.href;
  }
}
