import { Inject, Injectable } from '@nestjs/common';
import {
  HttpAdapterHost,
  LazyModuleLoader,
  ModuleRef,
  ModulesContainer,
} from '@nestjs/core';
import { GATEWAY_METADATA, SERVICE_METADATA } from '../setup/constants.js';
import type { InstanceWrapper } from '../setup/nest-internals.js';
import { ServiceExplorer, type LoadedModule } from './service-explorer.js';
import { ServiceRegistration } from '../registration/service-registration.js';
import { setupError } from '../setup/setup-errors.js';

/**
 * Refuses to load a module with services or gateways after the start. Nest
 * tells nobody of such a module: its services could not be reached, and its
 * gateway would guard nothing.
 */
@Injectable()
export class LazyModules {
  constructor(
    @Inject(LazyModuleLoader) loader: LazyModuleLoader,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(ServiceExplorer) private readonly explorer: ServiceExplorer,
    @Inject(HttpAdapterHost) host: HttpAdapterHost,
  ) {
    // Providers that exist at the start are made before the application
    // listens. So this one was loaded later.
    if (host.listening) throw setupError('SNORKY_ROOT_LAZY');
    const load = loader.load.bind(loader);
    loader.load = async (...args) => {
      const reference = await load(...args);
      this.check(reference);
      return reference;
    };
  }

  /** @throws SnorkySetupError */
  private check(reference: ModuleRef): void {
    // A module that is loaded before services are looked for is found with the
    // others.
    if (!this.explorer.explored) return;
    for (const module of this.modules.values()) {
      const own = module.getProviderByKey<ModuleRef>(ModuleRef);
      if (own.instance === reference) this.checkModule(module, new Set());
    }
  }

  private checkModule(module: LoadedModule, seen: Set<LoadedModule>): void {
    if (seen.has(module) || this.explorer.knows(module)) return;
    seen.add(module);
    for (const wrapper of module.providers.values()) {
      const who = whatIsOurs(wrapper);
      if (who !== undefined) {
        throw setupError('SNORKY_MODULE_LAZY', who, module.name);
      }
    }
    for (const imported of module.imports) this.checkModule(imported, seen);
  }
}

/**
 * The name of a provider that is a service or a gateway; undefined for any
 * other.
 */
function whatIsOurs(wrapper: InstanceWrapper): string | undefined {
  const made: unknown = wrapper.instance;
  if (made instanceof ServiceRegistration) return made.requested.service.name;
  for (const one of [wrapper.metatype, wrapper.token]) {
    if (typeof one !== 'function') continue;
    const ours =
      Reflect.hasMetadata(SERVICE_METADATA, one) ||
      Reflect.hasMetadata(GATEWAY_METADATA, one);
    if (ours) return one.name;
  }
  return undefined;
}
