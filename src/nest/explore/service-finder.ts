import type { ServiceRegistry } from '../../core/registry/service-registry.js';
import { declaredCommands } from '../decorators/declared-commands.js';
import { DEFAULT_REGISTRY, SERVICE_METADATA } from '../setup/constants.js';
import type { ServiceMetadata } from '../decorators/snorky-service.decorator.js';
import { isAlias, type InstanceWrapper } from '../setup/nest-internals.js';
import type { RegistrySet } from '../registration/registry-set.js';
import {
  ServiceRegistration,
  type RequestedService,
} from '../registration/service-registration.js';
import { setupError } from '../setup/setup-errors.js';
import {
  classOf,
  decoratedClass,
  type ClassRef,
} from '../providers/stand-in.js';

/** A service that was found, and the place where it is registered. */
export interface FoundService {
  /** The provider whose module has the enhancers of the service. */
  readonly wrapper: InstanceWrapper;
  /**
   * The provider that clients reach. It differs where a test has overridden one
   * of the tokens under which the service is injected.
   */
  readonly served: InstanceWrapper;
  /** The class whose decorators apply. */
  readonly classRef: ClassRef;
  readonly name: string;
  readonly registry: ServiceRegistry;
  readonly requested?: RequestedService;
}

/**
 * Finds services among providers: first those that modules request by name,
 * then every other provider of a class with `@SnorkyService`.
 */
export class ServiceFinder {
  constructor(private readonly registries: RegistrySet) {}

  /**
   * @param wrappers The providers that are searched.
   * @param all All providers of the application. Modules among them may request
   *   a class that another provider has.
   * @throws SnorkySetupError
   */
  find(
    wrappers: readonly InstanceWrapper[],
    all: readonly InstanceWrapper[],
  ): FoundService[] {
    const claimed = new Set<unknown>();
    for (const { instance, host } of all) {
      if (!(instance instanceof ServiceRegistration)) continue;
      const { token, aliases, service } = instance.requested;
      claimed.add(service);
      // A test may have overridden one of its tokens.
      for (const name of [token, ...aliases]) {
        claimed.add(host?.getProviderByKey(name));
      }
    }
    return [
      ...this.findRequested(wrappers),
      ...this.findDecorated(wrappers, claimed),
    ];
  }

  private *findRequested(
    wrappers: readonly InstanceWrapper[],
  ): Iterable<FoundService> {
    for (const { instance, host } of wrappers) {
      if (!(instance instanceof ServiceRegistration)) continue;
      const { requested } = instance;
      const { token, service, name, registry, optional } = requested;
      const wrapper = host?.getProviderByKey<object>(token);
      if (wrapper === undefined) continue;
      const where = optional
        ? this.registries.find(registry ?? DEFAULT_REGISTRY)
        : this.registryOf(service.name, registry);
      if (where === undefined) continue;
      const served = servedOf(wrapper, requested);
      const classRef = decoratedClass(service, served);
      yield { wrapper, served, classRef, name, registry: where, requested };
    }
  }

  private *findDecorated(
    wrappers: readonly InstanceWrapper[],
    claimed: ReadonlySet<unknown>,
  ): Iterable<FoundService> {
    for (const wrapper of wrappers) {
      if (isAlias(wrapper) || claimed.has(wrapper)) continue;
      const declared = declaredClassOf(wrapper);
      if (declared === undefined || claimed.has(declared)) continue;
      const metadata = metadataOf(declared);
      if (metadata === undefined) {
        // The class has commands, so its author believes that clients can call
        // them.
        if (declaredCommands(declared).length === 0) continue;
        throw setupError('SNORKY_SERVICE_UNMARKED', declared.name);
      }
      const classRef = decoratedClass(declared, wrapper);
      if (claimed.has(classRef)) continue;
      // A subclass may have another name.
      const { name, registry } = metadataOf(classRef) ?? metadata;
      yield {
        wrapper,
        served: wrapper,
        classRef,
        name,
        registry: this.registryOf(classRef.name, registry),
      };
    }
  }

  private registryOf(who: string, name: string | undefined): ServiceRegistry {
    const registry = this.registries.find(name ?? this.registries.defaultName);
    if (registry === undefined) {
      throw setupError(
        'SNORKY_REGISTRY_UNKNOWN',
        who,
        name ?? DEFAULT_REGISTRY,
        this.registries.names.join(', ') || 'none',
      );
    }
    return registry;
  }
}

/** The provider that a test has put in the place of a requested service. */
function servedOf(
  wrapper: InstanceWrapper,
  { service, aliases }: RequestedService,
): InstanceWrapper {
  if (wrapper.metatype !== service) return wrapper;
  for (const alias of aliases) {
    const other = wrapper.host?.getProviderByKey<object>(alias);
    if (other !== undefined && !isAlias(other)) return other;
  }
  return wrapper;
}

/**
 * The class that a provider is meant to have: the one that its module names, or
 * its token, where the provider holds something else, such as the mock of a
 * test.
 */
function declaredClassOf(wrapper: InstanceWrapper): ClassRef | undefined {
  const { token } = wrapper;
  if (typeof token === 'function' && metadataOf(token) !== undefined) {
    return token as unknown as ClassRef;
  }
  const own = classOf(wrapper);
  if (own !== undefined && metadataOf(own) !== undefined) return own;
  for (const provider of providersOf(wrapper)) {
    if (provider.provide === token && metadataOf(provider.useClass)) {
      return provider.useClass as ClassRef;
    }
  }
  return own;
}

interface CustomProvider {
  readonly provide?: unknown;
  readonly useClass?: unknown;
}

/** The providers that a module lists, before a test overrides any. */
function providersOf({ host }: InstanceWrapper): readonly CustomProvider[] {
  return host === undefined
    ? []
    : ((Reflect.getMetadata('providers', host.metatype) ??
        []) as readonly CustomProvider[]);
}

function metadataOf(classRef: unknown): ServiceMetadata | undefined {
  return typeof classRef === 'function'
    ? (Reflect.getMetadata(SERVICE_METADATA, classRef) as
        ServiceMetadata | undefined)
    : undefined;
}
