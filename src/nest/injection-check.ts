import { INJECTED_SERVICES_METADATA } from './constants.js';
import type { InstanceWrapper } from './nest-internals.js';
import { setupError } from './setup-errors.js';

/**
 * Refuses `@InjectService(name)` without a registry where several registries
 * have a service of that name: Nest would inject whichever it meets first.
 */
export function checkInjections(
  wrappers: readonly InstanceWrapper[],
  services: readonly {
    readonly name: string;
    readonly registry: { readonly name: string };
  }[],
): void {
  const registries = new Map<string, string[]>();
  for (const { name, registry } of services) {
    const known = registries.get(name);
    if (known === undefined) registries.set(name, [registry.name]);
    else known.push(registry.name);
  }
  for (const { metatype } of wrappers) {
    if (typeof metatype !== 'function') continue;
    const injected = Reflect.getMetadata(
      INJECTED_SERVICES_METADATA,
      metatype,
    ) as readonly string[] | undefined;
    for (const name of injected ?? []) {
      const found = registries.get(name) ?? [];
      if (found.length > 1) {
        throw setupError(
          'SNORKY_SERVICE_AMBIGUOUS',
          metatype.name,
          name,
          found.join(', '),
        );
      }
    }
  }
}
