import type { INestApplicationContext } from '@nestjs/common';
import { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import type { ServiceRegistry } from '../core/registry/service-registry.js';
import { checkCopies } from '../nest/setup/package-copies.js';
import { RegistrySet } from '../nest/registration/registry-set.js';
import { ServiceExplorer } from '../nest/explore/service-explorer.js';

/**
 * Finds a registry of an application that is ready for clients.
 *
 * @throws Error that says what is missing.
 * @internal
 */
export function registryOf(
  app: INestApplicationContext,
  name: string,
): ServiceRegistry {
  const registries = registriesOf(app);
  const registry = registries.find(name);
  if (registry === undefined) {
    throw new Error(
      `The application has no registry "${name}". It has: ${listed(registries.names)}.`,
    );
  }
  if (!app.get(ServiceExplorer, { strict: false }).explored) {
    throw new Error(
      'The application is not initialized, so that it has no services yet. Call `await app.init()` before.',
    );
  }
  return registry;
}

/**
 * Checks that a registry has a service of this name.
 *
 * @throws Error that says which services there are.
 * @internal
 */
export function checkService(registry: ServiceRegistry, name: string): void {
  if (registry.receiver(name) !== undefined) return;
  throw new Error(
    `Registry "${registry.name}" has no service "${name}". It has: ${listed(registry.serviceNames())}.`,
  );
}

/**
 * @internal The adapter with the application's routes; undefined if it has
 * none.
 */
export function httpAdapterOf(
  app: INestApplicationContext,
): HttpAdapterHost['httpAdapter'] | undefined {
  return app.get(HttpAdapterHost, { strict: false }).httpAdapter;
}

function registriesOf(app: INestApplicationContext): RegistrySet {
  const given: unknown = app;
  if (typeof Reflect.get(Object(given), 'get') !== 'function') {
    throw new TypeError(
      `A Nest application or testing module is needed, and this is ${describe(given)}.`,
    );
  }
  let registries: RegistrySet | undefined;
  try {
    registries = app.get(RegistrySet, { strict: false });
  } catch {
    // Nest's own error names a class that readers do not know.
  }
  if (registries !== undefined) return registries;
  checkCopies(app.get(ModulesContainer, { strict: false }));
  throw new Error(
    'The application has no SnorkyModule. Import SnorkyModule.forRoot() in its root module.',
  );
}

function describe(given: unknown): string {
  if (typeof given !== 'object' || given === null) {
    return given === null ? 'null' : typeof given;
  }
  if ('then' in given) return 'a promise: `await` it';
  if ('compile' in given) return 'a builder: call `await builder.compile()`';
  return 'another object';
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ');
}
