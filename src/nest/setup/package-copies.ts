import type { ModulesContainer } from '@nestjs/core';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { InstanceWrapper } from './nest-internals.js';
import { setupError, type SnorkySetupError } from './setup-errors.js';

/** What all copies of the package in one process know of each other. */
interface Copies {
  /** This file, by each copy that was loaded. */
  readonly loaded: Set<string>;
  /** By class, the copy that has it or that has decorated it. */
  readonly classes: WeakMap<object, string>;
  /** By the server of an application, the copy whose adapter it has. */
  readonly adapters: WeakMap<object, string>;
}

/** Its shape is shared with other versions: it never changes. */
const KEY = Symbol.for('snorky:copies');

const copies = ((globalThis as { [KEY]?: Copies })[KEY] ??= {
  loaded: new Set(),
  classes: new WeakMap(),
  adapters: new WeakMap(),
});

/**
 * Where this copy is. A test runner may load one copy many times, with a query
 * for each; a bundler that writes CommonJS leaves nothing.
 */
const OWN = ((import.meta.url as string | undefined) ?? '').replace(
  /[?#].*$/,
  '',
);

const REMEDY =
  '`npm ls snorky` shows who asks for which; give all of them one version, ' +
  'then run `npm dedupe`.';

/** Folders between this file and the package's own, and some more. */
const DEEPEST = 6;

load();

/** Notes that a class is this copy's, or was decorated by it. */
export function ofThisCopy(classRef: object): void {
  copies.classes.set(classRef, OWN);
}

/** Notes that the application that serves with `server` has this copy's adapter. */
export function adapterOfThisCopy(server: object): void {
  copies.adapters.set(server, OWN);
}

/**
 * Refuses an application that is made of several copies of the package: they
 * share neither classes nor tokens, so that each misses what comes from the
 * others.
 *
 * @throws SnorkySetupError that says where they are.
 */
export function checkCopies(modules: ModulesContainer): void {
  if (copies.loaded.size < 2) return;
  const parts = new Map<string, Set<string>>();
  for (const classRef of classesOf(modules)) {
    for (const copy of copiesOf(classRef)) noteIn(parts, copy, classRef.name);
  }
  if (parts.size > 1) throw severalCopies(parts);
}

/** What is wrong where an adapter seems to be missing; undefined: it is. */
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
  // Nest itself fails where a class of one copy is injected and another's is
  // provided, before anything here is asked. Two applications of one process
  // may have copies of their own, so that it is no error as such.
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

/** The copies that have a class or its ancestors. */
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

/** The file lies deeper in some versions than in others: it looks upwards. */
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
