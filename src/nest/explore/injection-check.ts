import type { Type } from '@nestjs/common';
import { overriding } from '../registration/bundled-service.js';
import { DEFAULT_REGISTRY, getServiceToken } from '../setup/constants.js';
import { declaredDependencies } from '../providers/declared-dependencies.js';
import { isAlias, type InstanceWrapper } from '../setup/nest-internals.js';
import {
  ServiceRegistration,
  type RequestedService,
} from '../registration/service-registration.js';
import { setupError } from '../setup/setup-errors.js';

interface RegisteredService {
  readonly wrapper: InstanceWrapper;
  readonly served: InstanceWrapper;
  readonly name: string;
  readonly registry: { readonly name: string };
  readonly requested?: RequestedService;
}

/**
 * Refuses what Nest would resolve to whichever it meets first: a service by its
 * name alone where several registries have one of that name, and a service by
 * its class where several are of that class. Also what a test has left as it was,
 * while it put something else under another name of the same service.
 *
 * @param wrappers All providers.
 * @param checked Those whose injections are looked at.
 */
export function checkInjections(
  wrappers: readonly InstanceWrapper[],
  services: readonly RegisteredService[],
  checked: readonly InstanceWrapper[],
): void {
  const names = ambiguousNames(services);
  const classes = ambiguousClasses(wrappers);
  const left = tokensLeft(services);
  if (names.size === 0 && classes.size === 0 && left.size === 0) return;
  const seen = new Set<InstanceWrapper>();
  const check = (wrapper: InstanceWrapper): void => {
    if (seen.has(wrapper)) return;
    seen.add(wrapper);
    const dependencies = declaredDependencies(wrapper);
    for (const token of dependencies) {
      checkLeft(wrapper, dependencies, left.get(token));
      const name = names.get(token);
      // The service that a backend steers is looked for in its own module.
      if (name !== undefined && wrapper.metatype !== overriding) {
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
  for (const wrapper of checked) check(wrapper);
}

/** A token of a service that a test has overridden under another one. */
interface TokenLeft {
  readonly token: unknown;
  readonly overridden: unknown;
  /** The one by which all others stand for the service. */
  readonly own: string;
  readonly siblings: ReadonlySet<unknown>;
}

/** The tokens that still give a service whose place something else has taken. */
function tokensLeft(
  services: readonly RegisteredService[],
): ReadonlyMap<unknown, TokenLeft> {
  const left = new Map<unknown, TokenLeft>();
  for (const { wrapper, served, requested } of services) {
    if (served === wrapper || requested === undefined) continue;
    const siblings = new Set<unknown>([requested.token, ...requested.aliases]);
    for (const token of siblings) {
      const other = wrapper.host?.getProviderByKey(token as string);
      const given =
        other === wrapper || (other !== undefined && isAlias(other));
      if (!given) continue;
      const overridden: unknown = served.token;
      left.set(token, { token, overridden, own: spelled(requested), siblings });
    }
  }
  return left;
}

function checkLeft(
  wrapper: InstanceWrapper,
  dependencies: readonly unknown[],
  left: TokenLeft | undefined,
): void {
  if (left === undefined) return;
  const { token, overridden, own, siblings } = left;
  // The names of the service themselves, and who can tell the two apart.
  if (siblings.has(wrapper.token) || dependencies.includes(overridden)) return;
  throw setupError(
    'SNORKY_STAND_IN_PARTIAL',
    String(wrapper.name),
    nameOfToken(token),
    nameOfToken(overridden),
    own,
  );
}

function spelled({
  name,
  registry = DEFAULT_REGISTRY,
}: RequestedService): string {
  return `getServiceToken('${name}', '${registry}')`;
}

function nameOfToken(token: unknown): string {
  return typeof token === 'function' ? token.name : `'${String(token)}'`;
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
  for (const wrapper of wrappers) {
    const { token, inject } = wrapper;
    if (!isAlias(wrapper) || typeof token !== 'function') continue;
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
