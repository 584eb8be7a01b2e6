import type { ClassRules, RuledClass } from '../../core/json/class-rules.js';
import { boundedWriting, type WritesOut } from './bounded-writing.js';
import { untypedMap, type KnownClasses } from './untyped-maps.js';

type Transformer = typeof import('class-transformer');

/**
 * The rules of classes; undefined where class-transformer is not installed.
 *
 * @throws What the package throws when it is there and cannot be loaded.
 *   Without it, members that the rules leave out would be sent.
 */
export async function transformerRules(): Promise<ClassRules | undefined> {
  let transformer: Transformer;
  try {
    transformer = await import('class-transformer');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  return new TransformerRules(
    await boundedWriting(transformer),
    await decoratedClasses(transformer),
  );
}

class TransformerRules implements ClassRules, KnownClasses {
  constructor(
    private readonly writesOut: WritesOut,
    /** Undefined where the package does not tell which classes have rules. */
    private readonly decorated: readonly ClassMap[] | undefined,
  ) {}

  apply(object: object): unknown {
    if (Array.isArray(object) || !this.hasRules(object)) return object;
    // A member called `constructor` would be taken for the class.
    const one = Object.hasOwn(object, 'constructor')
      ? copyOf(Object.getPrototypeOf(object) as object, object)
      : object;
    const map = untypedMap(one, this);
    if (map !== undefined) {
      throw new TypeError(
        `"${map}" is a Map of instances whose classes leave something out, and class-transformer does not know that they are in it. Say what it holds with @Type(() => TheClass) on "${map}".`,
      );
    }
    // Entities may contain each other, and the walk then does not end.
    // class-transformer's check for circles would end it, but only after as
    // many steps as there are paths.
    return this.writesOut(one);
  }

  instance(classRef: RuledClass, object: object): object {
    return object instanceof classRef
      ? object
      : copyOf(classRef.prototype as object, object);
  }

  leftOut(
    classRef: RuledClass,
    fields: readonly string[],
  ): ReadonlySet<string> {
    const byFirst = new Map<string, string[]>();
    for (const field of fields) {
      const [first = field] = field.split('.', 1);
      const same = byFirst.get(first);
      if (same === undefined) byFirst.set(first, [field]);
      else same.push(field);
    }
    const left = new Set<string>();
    this.addLeftOut(classRef, [...byFirst.values()], left);
    return left;
  }

  /**
   * Adds the fields that are left out. It tries all of them on one object,
   * since an object takes mostly the same time with one field as with a
   * hundred.
   *
   * @param groups Fields with the same first name.
   */
  private addLeftOut(
    classRef: RuledClass,
    groups: readonly (readonly string[])[],
    left: Set<string>,
  ): void {
    const paths = groups.flat().map((field) => field.split('.'));
    const instance = this.instance(classRef, objectWith(paths));
    // An exposed getter must not run: the object has nothing that it could
    // read.
    const bare = new Proxy(instance, {
      get: (target, name): unknown =>
        name === 'constructor' || Object.hasOwn(target, name)
          ? Reflect.get(target, name)
          : undefined,
    });
    try {
      const leaving = this.apply(bare);
      for (const path of paths) {
        if (!isThere(leaving, path)) left.add(path.join('.'));
      }
    } catch {
      // A rule does not take the value that a field has here. The half with
      // that field is tried again; a field that fails alone is not left out.
      if (groups.length <= 1) return;
      const half = groups.length >> 1;
      this.addLeftOut(classRef, groups.slice(0, half), left);
      this.addLeftOut(classRef, groups.slice(half), left);
    }
  }

  isTyped(object: object, member: string): boolean {
    const types = this.decorated?.[TYPES];
    let prototype: unknown = Object.getPrototypeOf(object);
    for (; typeof prototype === 'object' && prototype !== null;) {
      const members = types?.get(prototype.constructor);
      if (members instanceof Map && members.has(member)) return true;
      prototype = Object.getPrototypeOf(prototype);
    }
    return false;
  }

  hasRules(object: object): boolean {
    let prototype: unknown = Object.getPrototypeOf(object);
    if (prototype === Object.prototype || prototype === null) return false;
    const { decorated } = this;
    if (decorated === undefined) return !speaksForItself(object);
    for (; typeof prototype === 'object' && prototype !== null;) {
      const classRef: unknown = Object.hasOwn(prototype, 'constructor')
        ? prototype.constructor
        : undefined;
      for (const classes of decorated) if (classes.has(classRef)) return true;
      prototype = Object.getPrototypeOf(prototype);
    }
    return false;
  }
}

/** A copy with the same members, accessors included, without calling any. */
function copyOf(prototype: object, object: object): object {
  const { constructor: _, ...members } = Object.getOwnPropertyDescriptors(
    object as Record<string, unknown>,
  );
  return Object.create(prototype, members) as object;
}

/** An object that has a value at the end of each path. */
function objectWith(paths: readonly (readonly string[])[]): object {
  const root = {};
  for (const path of paths) {
    let at: object = root;
    path.forEach((name, i) => {
      const known: unknown = Object.hasOwn(at, name)
        ? Reflect.get(at, name)
        : undefined;
      if (isObject(known)) {
        at = known;
        return;
      }
      const next = i < path.length - 1 ? {} : 1;
      // Defined and not assigned: `__proto__` is a name like any other.
      Object.defineProperty(at, name, {
        value: next,
        enumerable: true,
        configurable: true,
        writable: true,
      });
      if (isObject(next)) at = next;
    });
  }
  return root;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isThere(object: unknown, path: readonly string[]): boolean {
  let at = object;
  for (const name of path) {
    if (!isObject(at) || !Object.hasOwn(at, name)) return false;
    at = (at as Readonly<Record<string, unknown>>)[name];
  }
  return true;
}

/** The kinds of class-transformer's decorators. */
const KINDS = ['exclude', 'expose', 'transform', 'type'] as const;
const TYPES = KINDS.indexOf('type');

type ClassMap = ReadonlyMap<unknown, unknown>;

/**
 * The maps in which class-transformer keeps the classes that its decorators are
 * on. There is no public way to ask; Nest's own mapped types read the same
 * path. Undefined where the path leads nowhere, or to another copy than the
 * application's.
 */
async function decoratedClasses(
  transformer: Transformer,
): Promise<ClassMap[] | undefined> {
  // Not a literal: bundlers would include the package as another copy.
  const path = ['class-transformer', 'cjs', 'storage.js'].join('/');
  class Probe {
    member!: string;
  }
  const { prototype } = Probe;
  transformer.Exclude()(prototype, 'member');
  transformer.Expose()(prototype, 'member');
  transformer.Transform(({ value }) => value as unknown)(prototype, 'member');
  transformer.Type(() => String)(prototype, 'member');
  try {
    const { defaultMetadataStorage: storage } = (await import(path)) as {
      readonly defaultMetadataStorage: object;
    };
    const maps = KINDS.map(
      (kind) => Reflect.get(storage, `_${kind}Metadatas`) as ClassMap,
    );
    return maps.every((map) => map.has(Probe)) ? maps : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whether the class itself decides how it is written, or is a class of the
 * language or of Node.
 */
function speaksForItself(object: object): boolean {
  const { constructor } = object;
  return (
    ArrayBuffer.isView(object) ||
    typeof (object as { toJSON?: unknown }).toJSON === 'function' ||
    typeof constructor !== 'function' ||
    Function.prototype.toString.call(constructor).includes('[native code]')
  );
}

/** Whether the package is not installed, as opposed to broken. */
function isMissing(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
}
