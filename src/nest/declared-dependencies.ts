import type { InstanceWrapper } from './nest-internals.js';

/** Parameter types that the compiler emits. */
const PARAM_TYPES = 'design:paramtypes';
/** Where Nest's `@Inject` keeps the tokens of parameters. */
const PARAM_TOKENS = 'self:paramtypes';
/** Where it keeps those of properties. */
const PROPERTY_TOKENS = 'self:properties_metadata';

/**
 * The tokens that a provider or controller asks for. What Nest has found for
 * them does not tell: it follows aliases.
 */
export function declaredDependencies({
  inject,
  metatype,
}: InstanceWrapper): unknown[] {
  if (inject) return inject.map(tokenOf);
  if (typeof metatype !== 'function') return [];
  const params = [...metadata(PARAM_TYPES, metatype)];
  for (const own of metadata(PARAM_TOKENS, metatype)) {
    const { index, param } = own as { index: number; param: unknown };
    params[index] = param;
  }
  const properties = metadata(PROPERTY_TOKENS, metatype).map(
    (property) => (property as { type: unknown }).type,
  );
  return [...params, ...properties].map(tokenOf);
}

/** Of a base class too, where the class itself has none. */
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
