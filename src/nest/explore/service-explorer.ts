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
import type { Command } from '../../core/rpc/command.js';
import { RpcService } from '../../core/rpc/rpc-service.js';
import { Service } from '../../core/service.js';
import { RESERVED_SERVICE } from '../../protocol/features.js';
import { CommandBinder } from './command-binder.js';
import { declaredCommands } from '../decorators/declared-commands.js';
import { mapError } from '../commands/error-mapping.js';
import { checkGlobalsBound } from '../enhancers/unbound-enhancers.js';
import { checkInjections } from './injection-check.js';
import {
  applicationConfigOf,
  type InstanceWrapper,
} from '../setup/nest-internals.js';
import { checkNestVersion } from '../setup/nest-version.js';
import {
  ProviderService,
  type ServiceHooks,
} from '../providers/provider-service.js';
import { RegistrySet } from '../registration/registry-set.js';
import { ServiceFinder, type FoundService } from './service-finder.js';
import { setupError } from '../setup/setup-errors.js';
import { checkScoped, RawStandIn } from '../providers/stand-in.js';

/** A module of the container. */
export type LoadedModule =
  ModulesContainer extends Map<string, infer Module> ? Module : never;

/** A service with its commands that is going to be registered. */
interface BoundService {
  readonly found: FoundService;
  readonly service: Service;
  readonly commands: ReadonlyMap<string, Command> | undefined;
}

/** Registers the application's services when it starts. */
@Injectable()
export class ServiceExplorer implements OnModuleInit, OnApplicationBootstrap {
  private readonly finder: ServiceFinder;
  private readonly registered: FoundService[] = [];
  private readonly seen = new Set<LoadedModule>();

  constructor(
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(CommandBinder) private readonly binder: CommandBinder,
    @Inject(RegistrySet) registries: RegistrySet,
    @Inject(ExternalContextCreator)
    private readonly injected: ExternalContextCreator,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
  ) {
    this.finder = new ServiceFinder(registries);
  }

  /**
   * Runs after all init hooks: one of them may have loaded a module with a
   * guard.
   */
  onApplicationBootstrap(): void {
    checkGlobalsBound(applicationConfigOf(this.injected), this.modules);
  }

  async onModuleInit(): Promise<void> {
    checkNestVersion();
    await this.explore([...this.modules.values()]);
  }

  /** Whether the services have been looked for. */
  get explored(): boolean {
    return this.seen.size > 0;
  }

  /** Whether the services of a module were looked for. */
  knows(module: LoadedModule): boolean {
    return this.seen.has(module);
  }

  /**
   * Registers the services of modules: all of them, or none if one cannot be.
   *
   * @throws SnorkySetupError
   */
  private async explore(modules: readonly LoadedModule[]): Promise<void> {
    for (const module of modules) this.seen.add(module);
    const all: InstanceWrapper[] = this.discovery.getProviders();
    const wrappers = modules.flatMap(({ providers }) => [
      ...providers.values(),
    ]) as InstanceWrapper[];
    const found = this.finder.find(wrappers, all);
    this.checkNames(found);
    const bound: BoundService[] = [];
    for (const one of found) bound.push(await this.bind(one));
    const controllers = modules.flatMap((module) => [
      ...module.controllers.values(),
    ]) as InstanceWrapper[];
    checkInjections(
      all,
      [...this.registered, ...found],
      [...wrappers, ...controllers],
    );
    for (const one of bound) this.register(one);
  }

  private checkNames(found: readonly FoundService[]): void {
    const owners = new Map<string, string>();
    for (const { name, registry, classRef } of [...this.registered, ...found]) {
      if (name === RESERVED_SERVICE) {
        throw setupError('SNORKY_NAME_RESERVED', name, classRef.name);
      }
      const key = `${registry.name}/${name}`;
      const first = owners.get(key);
      if (first !== undefined) {
        throw setupError(
          'SNORKY_NAME_TAKEN',
          name,
          registry.name,
          first,
          classRef.name,
        );
      }
      owners.set(key, classRef.name);
    }
  }

  private async bind(found: FoundService): Promise<BoundService> {
    const { wrapper, classRef } = found;
    if (wrapper.isTransient) {
      throw setupError('SNORKY_SERVICE_TRANSIENT', classRef.name);
    }
    checkScoped(wrapper, classRef);
    const declared = declaredCommands(classRef);
    const service = serviceOf(found);
    if (service instanceof RpcService) {
      if (declared.length === 0) {
        throw setupError('SNORKY_SERVICE_EMPTY', classRef.name);
      }
      const commands = await this.binder.bind(found, declared);
      return { found, service, commands };
    }
    if (declared[0] !== undefined) {
      const command = declared[0].method;
      throw setupError('SNORKY_SERVICE_RAW', classRef.name, command);
    }
    this.binder.checkRaw(classRef);
    return { found, service, commands: undefined };
  }

  private register({ found, service, commands }: BoundService): void {
    const { wrapper, served, name, registry } = found;
    if (commands !== undefined && service instanceof RpcService) {
      service.installCommands(commands, mapError);
    }
    registry.register(name, service);
    this.registered.push(found);
    // A test may have overridden another token of the service. Clients cannot
    // reach the original then, but it exists and its life-cycle hooks run.
    const meant: unknown = wrapper.instance;
    if (served !== wrapper && meant instanceof Service && meant !== service) {
      meant.$attach(registry, name);
    }
  }
}

function serviceOf({ wrapper, served, classRef }: FoundService): Service {
  const isStatic =
    wrapper.isDependencyTreeStatic() && served.isDependencyTreeStatic();
  const made: unknown = served.instance;
  if (classRef.prototype instanceof Service) {
    if (!isStatic) throw setupError('SNORKY_SERVICE_SCOPED', classRef.name);
    if (made instanceof Service) return made;
    return classRef.prototype instanceof RpcService
      ? new ProviderService(Object(made) as ServiceHooks)
      : new RawStandIn(classRef.name, made);
  }
  if (isStatic) return new ProviderService(Object(made) as ServiceHooks);
  // With an instance for each call, there is none that could hear of
  // connections.
  const hooks = classRef.prototype as ServiceHooks;
  if (hooks.onClientConnected ?? hooks.onClientDisconnected) {
    throw setupError('SNORKY_SERVICE_SCOPED', classRef.name);
  }
  return new ProviderService();
}
