import { Service } from './service.js';

/** A function with a prototype: an ES5 constructor or a class. */
export type AnyClass = abstract new (...args: never[]) => object;

/** A class made by {@link Class}: it can be called without `new`. */
export interface MadeClass {
  new (...args: unknown[]): object;
  (...args: unknown[]): object;
  /** The superclass, if there is one. */
  readonly Super?: AnyClass;
}

/**
 * Makes a class without the syntax of one, for pages that are served as they
 * were written: `Class(body)`, `Class(Super, body)` or
 * `Class(Super, ...mixins, body)`.
 *
 * The body has the members of the class. Its `constructor`, if there is one, is
 * called in place of the superclass's, and may call that. Its `STATIC` has the
 * members of the class itself. Mixins are classes or objects. A member of a
 * mixin is copied unless the superclass or an earlier mixin has one of the same
 * name.
 *
 * @throws TypeError when an argument is something else.
 *
 * @example
 * var Greeter = Snorky.Class(Snorky.RPCService, {
 *   STATIC: { WORD: 'Hello' },
 *   constructor: function (name, snorky) {
 *     Snorky.RPCService.call(this, name, snorky);
 *     this.greeted = [];
 *   },
 *   greet: function (name) {
 *     this.greeted.push(name);
 *     return this.rpcCall('say', { text: Greeter.WORD + ', ' + name });
 *   }
 * });
 */
export function Class(...parts: readonly unknown[]): MadeClass {
  const body = parts[parts.length - 1];
  const [Super, ...mixins] = parts.slice(0, -1);
  if (!isObject(body)) fail('body', body, 'an object');
  if (parts.length > 1 && !isFunction(Super)) {
    fail('superclass', Super, 'a class');
  }
  const constructor = Object.getOwnPropertyDescriptor(body, 'constructor');
  const own: unknown = constructor?.value;
  if (constructor !== undefined && !isFunction(own)) {
    fail('constructor', own, 'a function');
  }

  function Made(this: unknown, ...args: unknown[]): unknown {
    const made = new.target !== undefined;
    if (!made && !(this instanceof Made)) return Reflect.construct(Made, args);
    if (isFunction(own)) return Reflect.apply(own, this, args);
    if (!isFunction(Super)) return undefined;
    // A subclass that calls this constructor has made the object already.
    if (!made) return Reflect.apply(Super, this, args);
    return Reflect.construct(Super, args, new.target);
  }

  if (isFunction(Super)) {
    Object.setPrototypeOf(Made, Super);
    Object.setPrototypeOf(Made.prototype as object, Super.prototype as object);
    Object.assign(Made, { Super });
  }
  const prototype = Made.prototype as object;
  for (const mixin of mixins) mixIn(prototype, mixin);
  const { STATIC, ...members } = descriptorsOf(body);
  if (isObject(STATIC?.value)) {
    Object.defineProperties(Made, descriptorsOf(STATIC.value));
  }
  Reflect.deleteProperty(members, 'constructor');
  Object.defineProperties(prototype, members);
  return Made as unknown as MadeClass;
}

/**
 * Makes a class of Snorky one that ES5 code can extend. The constructor of an
 * ES5 subclass calls that of the superclass for an object that exists already,
 * which classes refuse. `new` may also be left out.
 */
export function callable<Target extends AnyClass>(target: Target): Target {
  return new Proxy(target, {
    apply(_target, self: unknown, args: unknown[]): unknown {
      if (!(self instanceof target)) return Reflect.construct(target, args);
      if (self instanceof Service) {
        // Listeners are bound to the object, so it must be the subclass's
        // object.
        copy(Reflect.construct(Blank, args) as object, self);
        self.$setUp();
        self.init();
      } else {
        copy(Reflect.construct(target, args, self.constructor) as object, self);
      }
      return undefined;
    },
  });
}

/** Makes an object with the fields of a connector, before it is set up. */
class Blank extends Service {
  override $setUp(): void {}
}

function mixIn(prototype: object, mixin: unknown): void {
  let source: unknown = isFunction(mixin) ? mixin.prototype : mixin;
  if (!isObject(source)) fail('mixin', mixin, 'a class or an object');
  do {
    const members = descriptorsOf(source);
    for (const name of Object.keys(members)) {
      if (!(name in prototype)) {
        Object.defineProperty(prototype, name, members[name] ?? {});
      }
    }
    source = Object.getPrototypeOf(source);
    // The last one of a chain is `Object.prototype`, which is not copied.
  } while (isObject(source) && Object.getPrototypeOf(source) !== null);
}

function copy(from: object, to: object): void {
  Object.defineProperties(to, descriptorsOf(from));
}

function descriptorsOf(source: object): PropertyDescriptorMap {
  return Object.getOwnPropertyDescriptors(source);
}

// `Function` of another window is another function, so `instanceof` would not
// work.
function isFunction(value: unknown): value is typeof Function {
  return typeof value === 'function';
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function fail(what: string, value: unknown, expected: string): never {
  const type = value === null ? 'null' : typeof value;
  throw new TypeError(
    `Snorky.Class: the ${what} has to be ${expected}, and is ${type}.`,
  );
}
