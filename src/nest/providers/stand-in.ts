import type { Client } from '../../core/clients/client.js';
import { Service } from '../../core/service.js';
import type { JsonValue } from '../../protocol/json.js';
import { declaredCommands } from '../decorators/declared-commands.js';
import { SERVICE_METADATA } from '../setup/constants.js';
import { declaredEnhancers } from '../enhancers/declared-enhancers.js';
import type { InstanceWrapper } from '../setup/nest-internals.js';
import { setupError } from '../setup/setup-errors.js';

/** A class, of which there need not be instances. */
export type ClassRef = (abstract new (...args: never[]) => unknown) & {
  readonly prototype: object;
};

/** The class of what a provider holds, however it is provided. */
export function classOf(wrapper: InstanceWrapper): ClassRef | undefined {
  const { metatype, inject } = wrapper;
  // The `metatype` of a factory is the function.
  if (typeof metatype === 'function' && !inject && !wrapper.isNotMetatype) {
    return metatype as unknown as ClassRef;
  }
  const made: unknown = wrapper.instance;
  if (typeof made !== 'object' || made === null) return undefined;
  // Not `made.constructor`: a proxy that wraps methods would give another one.
  const prototype = Object.getPrototypeOf(made) as object | null;
  return prototype?.constructor as unknown as ClassRef | undefined;
}

/**
 * Whose decorators hold for what stands where `declared` was meant to, such as
 * the mock of a test. A subclass has the decorators that it inherits, and its own;
 * anything else has those of the declared class: its commands, and its guards,
 * which must not be gone because something else stands behind them.
 *
 * @throws SnorkySetupError when it would be a service by itself: which of the
 *   decorators then hold, nobody could tell.
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
 * Makes of what a provider holds the object on which methods are called: the
 * thing itself, where it is of the class that was decorated. What else stands
 * there is asked for each method when it is called; one that it does not have
 * fails with a sentence.
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

/** Stands in a registry for a raw service, for which something else stands. */
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
 * @throws SnorkySetupError when Nest makes nothing for a call although something
 *   around it, such as a guard, is made for each.
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
