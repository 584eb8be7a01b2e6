import type { Type } from '@nestjs/common';
import { getServiceToken } from './constants.js';
import { declaredDependencies } from './declared-dependencies.js';
import type { InstanceWrapper } from './nest-internals.js';
import {
  ServiceRegistration,
  type RequestedService,
} from './service-registration.js';
import { setupError } from './setup-errors.js';

interface RegisteredService {
  readonly name: string;
  readonly registry: { readonly name: string };
}

/**
 * Refuses what Nest would resolve to whichever it meets first: a service by its
 * name alone where several registries have one of that name, and a service by
 * its class where several are of that class.
 */
export function checkInjections(
  wrappers: readonly InstanceWrapper[],
  services: readonly RegisteredService[],
): void {
  const names = ambiguousNames(services);
  const classes = ambiguousClasses(wrappers);
  if (names.size === 0 && classes.size === 0) return;
  const checked = new Set<InstanceWrapper>();
  const check = (wrapper: InstanceWrapper): void => {
    if (checked.has(wrapper)) return;
    checked.add(wrapper);
    for (const token of declaredDependencies(wrapper)) {
      const name = names.get(token);
      if (name !== undefined) {
        throw setupError(
          'SNORKY_SERVICE_AMBIGUOUS',
          String(wrapper.name),
          name.name,
          name.registries.join(', '),
        );
      }
      const meant = classes.get(token);
      // Its own module's comes first, whatever others there are.
      if (meant === undefined || wrapper.host?.hasProvider(token as Type)) {
        continue;
      }
      throw setupError(
        'SNORKY_CLASS_AMBIGUOUS',
        String(wrapper.name),
        (token as Type).name,
        meant.join(', '),
      );
    }
    // Guards, pipes and the like need not be listed as providers.
    // (Nest's types do not say that there may be none.)
    const enhancers = wrapper.getEnhancersMetadata() as
      readonly InstanceWrapper[] | undefined;
    enhancers?.forEach(check);
  };
  for (const wrapper of wrappers) check(wrapper);
}

/** By the token of the name alone, the registries that have such a service. */
function ambiguousNames(
  services: readonly RegisteredService[],
): ReadonlyMap<unknown, { readonly name: string; registries: string[] }> {
  const found = new Map<string, { name: string; registries: string[] }>();
  for (const { name, registry } of services) {
    const token = getServiceToken(name);
    const known = found.get(token);
    if (known === undefined) {
      found.set(token, { name, registries: [registry.name] });
    } else {
      known.registries.push(registry.name);
    }
  }
  for (const [token, { registries }] of found) {
    if (registries.length === 1) found.delete(token);
  }
  return found;
}

/** By the class, the services that modules provide under it. */
function ambiguousClasses(
  wrappers: readonly InstanceWrapper[],
): ReadonlyMap<unknown, readonly string[]> {
  const registrations = new Map<unknown, RequestedService>();
  for (const { instance } of wrappers) {
    if (!(instance instanceof ServiceRegistration)) continue;
    registrations.set(instance.requested.token, instance.requested);
  }
  const found = new Map<unknown, Set<RequestedService>>();
  for (const { isAlias, token, inject } of wrappers) {
    if (!isAlias || typeof token !== 'function') continue;
    const registration = registrations.get(inject?.[0]);
    if (registration === undefined) continue;
    const known = found.get(token);
    if (known === undefined) found.set(token, new Set([registration]));
    else known.add(registration);
  }
  const ambiguous = new Map<unknown, string[]>();
  for (const [token, meant] of found) {
    if (meant.size === 1) continue;
    ambiguous.set(
      token,
      [...meant].map(({ name, registry }) =>
        registry === undefined ? `"${name}"` : `"${name}" of "${registry}"`,
      ),
    );
  }
  return ambiguous;
}
