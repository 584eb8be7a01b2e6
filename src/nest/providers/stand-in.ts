import type { Client } from '../../core/clients/client.js';
import { Service } from '../../core/service.js';
import type { JsonValue } from '../../protocol/json.js';
import { declaredCommands } from '../decorators/declared-commands.js';
import { SERVICE_METADATA } from '../setup/constants.js';
import { declaredEnhancers } from '../enhancers/declared-enhancers.js';
import type { InstanceWrapper } from '../setup/nest-internals.js';
import { setupError } from '../setup/setup-errors.js';

/** A class that may be abstract. */
export type ClassRef = (abstract new (...args: never[]) => unknown) & {
  readonly prototype: object;
};

/** The class of what a provider holds, however it is provided. */
export function classOf(wrapper: InstanceWrapper): ClassRef | undefined {
  const { metatype, inject } = wrapper;
  // The `metatype` of a factory is the function and no class.
  if (typeof metatype === 'function' && !inject && !wrapper.isNotMetatype) {
    return metatype as unknown as ClassRef;
  }
  const made: unknown = wrapper.instance;
  if (typeof made !== 'object' || made === null) return undefined;
  // Not `made.constructor`: a proxy that wraps methods would give a wrapped
  // one.
  const prototype = Object.getPrototypeOf(made) as object | null;
  return prototype?.constructor as unknown as ClassRef | undefined;
}

/**
 * The class whose decorators apply to a value that stands in the place of
 * `declared`, such as the mock of a test. A subclass has the decorators that it
 * inherits and its own. Any other value has those of the declared class. Its
 * guards must not be gone because something else stands behind them.
 *
 * @throws SnorkySetupError when the value's own class is a service too: it
 *   would not be clear which decorators apply.
 */
export function decoratedClass(
  declared: ClassRef,
  wrapper: InstanceWrapper,
): ClassRef {
  const own = classOf(wrapper);
  if (own === undefined || own === declared) return declared;
  if (own.prototype instanceof declared) return own;
  if (isDecorated(own)) {
    throw setupError('SNORKY_STAND_IN_DECORATED', own.name, declared.name);
  }
  return declared;
}

/**
 * The object on which a provider's methods are called. It is the provided value
 * itself if that has the decorated class. Any other value is asked for each
 * method when the method is called; a missing method is an error with a
 * sentence.
 */
export function callee(
  classRef: ClassRef,
  methods: readonly string[],
  made: unknown,
): object {
  if (made instanceof classRef) return made as object;
  const standIn = Object.create(classRef.prototype as object) as object;
  for (const method of methods) {
    Object.defineProperty(standIn, method, {
      value: (...args: unknown[]) => call(classRef.name, made, method, args),
    });
  }
  return standIn;
}

/**
 * The service in a registry for a raw service that something else stands in
 * for.
 */
export class RawStandIn extends Service {
  constructor(
    private readonly meant: string,
    private readonly made: unknown,
  ) {
    super();
  }

  processMessageFrom(client: Client, message: JsonValue): void | Promise<void> {
    return call(this.meant, this.made, 'processMessageFrom', [
      client,
      message,
    ]) as void | Promise<void>;
  }

  override onClientConnected(client: Client): void | Promise<void> {
    return this.hook('onClientConnected', client);
  }

  override onClientDisconnected(client: Client): void | Promise<void> {
    return this.hook('onClientDisconnected', client);
  }

  private hook(
    name: 'onClientConnected' | 'onClientDisconnected',
    client: Client,
  ): void | Promise<void> {
    const made = Object(this.made) as Partial<Service>;
    if (typeof made[name] === 'function') return made[name](client);
  }
}

function call(
  meant: string,
  made: unknown,
  method: string,
  args: unknown[],
): unknown {
  const own: unknown = Reflect.get(Object(made) as object, method);
  if (typeof own !== 'function') {
    throw new Error(`What stands for ${meant} has no method ${method}().`);
  }
  return own.apply(made, args) as unknown;
}

/**
 * @throws SnorkySetupError when Nest makes no instance for each call although
 *   something around the provider, such as a guard, is made for each.
 */
export function checkScoped(wrapper: InstanceWrapper, meant: ClassRef): void {
  if (wrapper.metatype !== null || wrapper.isDependencyTreeStatic()) return;
  throw setupError('SNORKY_STAND_IN_SCOPED', meant.name);
}

function isDecorated(classRef: ClassRef): boolean {
  const { onClass, onMethods } = declaredEnhancers(classRef);
  return (
    Reflect.hasMetadata(SERVICE_METADATA, classRef) ||
    declaredCommands(classRef).length > 0 ||
    onClass.length > 0 ||
    onMethods.length > 0
  );
}
