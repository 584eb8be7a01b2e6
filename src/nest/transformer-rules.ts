import type { ClassRules, RuledClass } from '../core/class-rules.js';

type Transformer = typeof import('class-transformer');

/**
 * The rules of classes, where class-transformer is installed.
 *
 * @throws what the package throws when it is there and cannot be loaded: without
 *   it, what the rules leave out would leave.
 */
export async function transformerRules(): Promise<ClassRules | undefined> {
  let transformer: Transformer;
  try {
    transformer = await import('class-transformer');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  return new TransformerRules(transformer, await decoratedClasses(transformer));
}

class TransformerRules implements ClassRules {
  constructor(
    private readonly transformer: Transformer,
    /** Undefined where the package does not tell which classes have any. */
    private readonly decorated: readonly ClassMap[] | undefined,
  ) {}

  apply(object: object): unknown {
    if (Array.isArray(object) || !this.hasRules(object)) return object;
    // A member of that name would be taken for the class.
    const one = Object.hasOwn(object, 'constructor')
      ? copyOf(Object.getPrototypeOf(object) as object, object)
      : object;
    // Of entities that contain each other the way down has no end. With its check
    // for circles it would have one, after as many steps as there are paths.
    return this.transformer.instanceToPlain(one);
  }

  instance(classRef: RuledClass, object: object): object {
    return object instanceof classRef
      ? object
      : copyOf(classRef.prototype as object, object);
  }

  leavesOut(classRef: RuledClass, path: readonly string[]): boolean {
    const members = path.reduceRight<unknown>(
      (value, name) => ({ [name]: value }),
      1,
    );
    const instance = this.instance(classRef, members as object);
    // Exposed getters would find nothing of what they are made of.
    const bare = new Proxy(instance, {
      get: (target, name): unknown =>
        name === 'constructor' || Object.hasOwn(target, name)
          ? Reflect.get(target, name)
          : undefined,
    });
    try {
      let left: unknown = this.apply(bare);
      for (const name of path) {
        if (typeof left !== 'object' || left === null) return true;
        if (!Object.hasOwn(left, name)) return true;
        left = (left as Readonly<Record<string, unknown>>)[name];
      }
      return false;
    } catch {
      // A rule that wants another value.
      return false;
    }
  }

  private hasRules(object: object): boolean {
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

/** The same members, accessors included; nothing of it is called. */
function copyOf(prototype: object, object: object): object {
  const { constructor: _, ...members } = Object.getOwnPropertyDescriptors(
    object as Record<string, unknown>,
  );
  return Object.create(prototype, members) as object;
}

type ClassMap = ReadonlyMap<unknown, unknown>;

/**
 * Where class-transformer keeps what its decorators were written on. It has no
 * public way to ask, and the path is the one that Nest's own mapped types read.
 * Undefined where it is none, or of another copy than the application's.
 */
async function decoratedClasses(
  transformer: Transformer,
): Promise<ClassMap[] | undefined> {
  // No literal: bundlers would take it along, as another copy.
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
    const kinds = ['exclude', 'expose', 'transform', 'type'];
    const maps = kinds.map(
      (kind) => Reflect.get(storage, `_${kind}Metadatas`) as ClassMap,
    );
    return maps.every((map) => map.has(Probe)) ? maps : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a class has a say of its own, or is of the language or of Node. */
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
