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
 * Refuses injections that Nest would resolve to whichever service it meets
 * first: by a name alone that services of several registries have, or by a
 * class of which there are several services. Also refuses a token that still
 * gives the original service after a test has overridden another token of that
 * service.
 *
 * @param wrappers All providers.
 * @param checked The providers whose injections are checked.
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
      // A backend looks for its service in its own module: there is no
      // ambiguity.
      if (name !== undefined && wrapper.metatype !== overriding) {
        throw setupError(
          'SNORKY_SERVICE_AMBIGUOUS',
          String(wrapper.name),
          name.name,
          name.registries.join(', '),
        );
      }
      const meant = classes.get(token);
      // The provider of the own module comes first, whatever others there are.
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
    // Guards, pipes and the like need not be listed as providers. (There may be
    // none, although Nest's types do not say so.)
    const enhancers = wrapper.getEnhancersMetadata() as
      readonly InstanceWrapper[] | undefined;
    enhancers?.forEach(check);
  };
  for (const wrapper of checked) check(wrapper);
}

/**
 * A token that still gives the original service, while a test has overridden
 * another token of the service.
 */
interface TokenLeft {
  readonly token: unknown;
  readonly overridden: unknown;
  /** The token for which all others of the service are aliases. */
  readonly own: string;
  readonly siblings: ReadonlySet<unknown>;
}

/** The tokens that still give the original of an overridden service. */
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
  // Not checked: the aliases themselves, and a provider that injects both
  // services.
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

/**
 * Names that services of several registries have, by the token of the name
 * alone.
 */
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

/** Classes of which modules provide several services. */
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
