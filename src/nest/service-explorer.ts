import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleInit,
} from '@nestjs/common';
import {
  DiscoveryService,
  ExternalContextCreator,
  ModulesContainer,
} from '@nestjs/core';
import { RpcService } from '../core/rpc-service.js';
import { Service } from '../core/service.js';
import type { ServiceRegistry } from '../core/service-registry.js';
import { RESERVED_SERVICE } from '../protocol/features.js';
import { CommandBinder } from './command-binder.js';
import { declaredCommands } from './commands/declared-commands.js';
import { mapError } from './commands/error-mapping.js';
import { DEFAULT_REGISTRY, SERVICE_METADATA } from './constants.js';
import type { ServiceMetadata } from './decorators/snorky-service.decorator.js';
import { checkGlobalsBound } from './enhancers/unbound-enhancers.js';
import { checkInjections } from './injection-check.js';
import { applicationConfigOf, type InstanceWrapper } from './nest-internals.js';
import { checkNestVersion } from './nest-version.js';
import { ProviderService, type ServiceHooks } from './provider-service.js';
import { RegistrySet } from './registry-set.js';
import { ServiceRegistration } from './service-registration.js';
import { setupError } from './setup-errors.js';

type ClassRef = (abstract new (...args: never[]) => unknown) & {
  readonly prototype: object;
};

/** A service that was found, and where it goes. */
interface Found {
  readonly wrapper: InstanceWrapper;
  readonly classRef: ClassRef;
  readonly name: string;
  readonly registry: ServiceRegistry;
}

/**
 * Finds the application's services and registers them: those that modules asked
 * for by name, then every other provider whose class has `@SnorkyService`.
 */
@Injectable()
export class ServiceExplorer implements OnModuleInit, OnApplicationBootstrap {
  constructor(
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(CommandBinder) private readonly binder: CommandBinder,
    @Inject(RegistrySet) private readonly registries: RegistrySet,
    @Inject(ExternalContextCreator)
    private readonly injected: ExternalContextCreator,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
  ) {}

  /** After all init hooks: one of them may have loaded a module with a guard. */
  onApplicationBootstrap(): void {
    checkGlobalsBound(applicationConfigOf(this.injected), this.modules);
  }

  async onModuleInit(): Promise<void> {
    checkNestVersion();
    const wrappers: InstanceWrapper[] = this.discovery.getProviders();
    const found = [...this.findRegistered(wrappers)];
    const claimed = new Set<unknown>(
      wrappers
        .map((wrapper) => wrapper.instance as unknown)
        .filter((instance) => instance instanceof ServiceRegistration)
        .map(({ requested }) => requested.service),
    );
    found.push(...this.findDecorated(wrappers, claimed));
    const owners = new Map<string, string>();
    for (const one of found) {
      if (one.name === RESERVED_SERVICE) {
        throw setupError('SNORKY_NAME_RESERVED', one.name, one.classRef.name);
      }
      const key = `${one.registry.name}/${one.name}`;
      const first = owners.get(key);
      if (first !== undefined) {
        throw setupError(
          'SNORKY_NAME_TAKEN',
          one.name,
          one.registry.name,
          first,
          one.classRef.name,
        );
      }
      owners.set(key, one.classRef.name);
      await this.register(one);
    }
    const controllers: InstanceWrapper[] = this.discovery.getControllers();
    checkInjections([...wrappers, ...controllers], found);
  }

  private *findRegistered(wrappers: InstanceWrapper[]): Iterable<Found> {
    for (const { instance, host } of wrappers) {
      if (!(instance instanceof ServiceRegistration)) continue;
      const { token, service, name, registry, optional } = instance.requested;
      const wrapper = host?.getProviderByKey<object>(token);
      if (wrapper === undefined) continue;
      const where = optional
        ? this.registries.find(registry ?? DEFAULT_REGISTRY)
        : this.registryOf(service.name, registry);
      if (where !== undefined) {
        yield { wrapper, classRef: service, name, registry: where };
      }
    }
  }

  private *findDecorated(
    wrappers: InstanceWrapper[],
    claimed: ReadonlySet<unknown>,
  ): Iterable<Found> {
    for (const wrapper of wrappers) {
      const classRef = classOf(wrapper);
      if (classRef === undefined || claimed.has(classRef)) continue;
      const metadata = Reflect.getMetadata(SERVICE_METADATA, classRef) as
        ServiceMetadata | undefined;
      if (metadata === undefined) {
        // Its author believes that it can be called.
        if (declaredCommands(classRef).length === 0) continue;
        throw setupError('SNORKY_SERVICE_UNMARKED', classRef.name);
      }
      const registry = this.registryOf(classRef.name, metadata.registry);
      yield { wrapper, classRef, name: metadata.name, registry };
    }
  }

  private async register(found: Found): Promise<void> {
    const { wrapper, classRef, name, registry } = found;
    if (wrapper.isTransient) {
      throw setupError('SNORKY_SERVICE_TRANSIENT', classRef.name);
    }
    const declared = declaredCommands(classRef);
    const service = this.serviceOf(wrapper, classRef);
    if (service instanceof RpcService) {
      if (declared.length === 0) {
        throw setupError('SNORKY_SERVICE_EMPTY', classRef.name);
      }
      const commands = await this.binder.bind(wrapper, classRef, declared);
      service.installCommands(commands, mapError);
    } else if (declared[0] !== undefined) {
      const command = declared[0].method;
      throw setupError('SNORKY_SERVICE_RAW', classRef.name, command);
    } else {
      this.binder.checkRaw(classRef);
    }
    registry.register(name, service);
  }

  private serviceOf(wrapper: InstanceWrapper, classRef: ClassRef): Service {
    const isStatic = wrapper.isDependencyTreeStatic();
    if (classRef.prototype instanceof Service) {
      if (!isStatic) throw setupError('SNORKY_SERVICE_SCOPED', classRef.name);
      return wrapper.instance as Service;
    }
    if (isStatic) return new ProviderService(wrapper.instance as ServiceHooks);
    // With an instance for each call there is none to tell of connections.
    const hooks = classRef.prototype as ServiceHooks;
    if (hooks.onClientConnected ?? hooks.onClientDisconnected) {
      throw setupError('SNORKY_SERVICE_SCOPED', classRef.name);
    }
    return new ProviderService();
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

/** The class of a provider, however it is provided. */
function classOf(wrapper: InstanceWrapper): ClassRef | undefined {
  if (wrapper.isAlias) return undefined;
  const { metatype, inject } = wrapper;
  // Of a factory, `metatype` is the function.
  if (typeof metatype === 'function' && !inject && !wrapper.isNotMetatype) {
    return metatype as unknown as ClassRef;
  }
  const made: unknown = wrapper.instance;
  if (typeof made !== 'object' || made === null) return undefined;
  // Not `made.constructor`: a proxy that wraps methods would give another one.
  const prototype = Object.getPrototypeOf(made) as object | null;
  return prototype?.constructor as unknown as ClassRef | undefined;
}
