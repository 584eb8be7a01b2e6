interface GatewayClass {
  readonly name: string;
}

/**
 * Decorated gateway classes that no application has listed so far, by their
 * registry. There is one list for the process, because classes belong to the
 * process. A class leaves the list for good when an application lists it, so
 * that later applications are not hindered. The references are weak: a class
 * that nobody can list any more guards nothing.
 */
const unlisted = new Map<string, Set<WeakRef<GatewayClass>>>();

/** Notes that a class was decorated as the gateway of a registry. */
export function gatewayDeclared(
  registry: string,
  classRef: GatewayClass,
): void {
  const known = unlisted.get(registry) ?? new Set();
  for (const ref of known) if (ref.deref() === undefined) known.delete(ref);
  known.add(new WeakRef(classRef));
  unlisted.set(registry, known);
}

/**
 * Notes that an application has the class among its providers. Decorated
 * classes that it extends are bases, and need not be listed themselves.
 */
export function gatewayListed(classRef: unknown): void {
  const line = new Set<unknown>();
  let one = classRef;
  while (typeof one === 'function') {
    line.add(one);
    one = Object.getPrototypeOf(one);
  }
  for (const [registry, known] of unlisted) {
    for (const ref of known) {
      const found = ref.deref();
      if (found === undefined || line.has(found)) known.delete(ref);
    }
    if (known.size === 0) unlisted.delete(registry);
  }
}

/** The names of the classes for a registry that no application has listed. */
export function unlistedGateways(registry: string): readonly string[] {
  const names = new Set<string>();
  for (const ref of unlisted.get(registry) ?? []) {
    const classRef = ref.deref();
    if (classRef) names.add(classRef.name || 'A class without a name');
  }
  return [...names];
}
