import {
  PROPERTY_DEPS_METADATA,
  SELF_DECLARED_DEPS_METADATA,
  type InstanceWrapper,
} from '../setup/nest-internals.js';

/** The metadata key of the parameter types that the compiler emits. */
const PARAM_TYPES = 'design:paramtypes';

/**
 * The tokens that a provider or controller asks for. What Nest has resolved for
 * them would not tell, because Nest follows aliases.
 */
export function declaredDependencies({
  inject,
  metatype,
}: InstanceWrapper): unknown[] {
  if (inject) return inject.map(tokenOf);
  if (typeof metatype !== 'function') return [];
  const params = [...metadata(PARAM_TYPES, metatype)];
  for (const own of metadata(SELF_DECLARED_DEPS_METADATA, metatype)) {
    const { index, param } = own as { index: number; param: unknown };
    params[index] = param;
  }
  const properties = metadata(PROPERTY_DEPS_METADATA, metatype).map(
    (property) => (property as { type: unknown }).type,
  );
  return [...params, ...properties].map(tokenOf);
}

/** Metadata of a class, or of its base class where it has none itself. */
function metadata(key: string, target: object): readonly unknown[] {
  return (Reflect.getMetadata(key, target) ?? []) as readonly unknown[];
}

function tokenOf(declared: unknown): unknown {
  if (typeof declared !== 'object' || declared === null) return declared;
  if ('token' in declared) return tokenOf(declared.token);
  return 'forwardRef' in declared && typeof declared.forwardRef === 'function'
    ? (declared.forwardRef as () => unknown)()
    : declared;
}
