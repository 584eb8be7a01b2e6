/** Metadata on service classes: `ServiceMetadata`. */
export const SERVICE_METADATA = 'snorky:service';
/** Metadata on command methods: `RpcCommandOptions`. */
export const COMMAND_METADATA = 'snorky:command';
/** Metadata on the classes of bundled services. */
export const BUNDLED_METADATA = 'snorky:bundled';
/** Metadata on gateway classes: the name of the registry. */
export const GATEWAY_METADATA = 'snorky:gateway';

/** The registry of a service that names none. */
export const DEFAULT_REGISTRY = 'frontend';
/** The registry of a bundled backend service unless an option names one. */
export const DEFAULT_BACKEND_REGISTRY = 'backend';

/** The static part of the options: names, paths. */
export const SNORKY_REGISTRIES = Symbol('snorky:registries');
/** The broker of the application. */
export const SNORKY_BROKER = Symbol('snorky:broker');
/** The rules of classes for what leaves the server: `ClassRules`. */
export const CLASS_RULES = Symbol('snorky:class-rules');

/**
 * The token under which a registry is provided.
 *
 * @param name As in `SnorkyModule.forRoot({ registries })`.
 */
export function getRegistryToken(name: string = DEFAULT_REGISTRY): string {
  return `SnorkyRegistry(${name})`;
}

/**
 * The token under which `forFeature` and the bundled modules provide a service.
 *
 * @param registry Required if several registries have a service of that name.
 */
export function getServiceToken(name: string, registry?: string): string {
  return registry === undefined
    ? `SnorkyService(${name})`
    : `SnorkyService(${registry}/${name})`;
}
