import { Inject } from '@nestjs/common';
import {
  getRegistryToken,
  getServiceToken,
  INJECTED_SERVICES_METADATA,
} from '../constants.js';

/** Injects a `ServiceRegistry`. @param name Default: `frontend`. */
export function InjectRegistry(
  name?: string,
): PropertyDecorator & ParameterDecorator {
  return Inject(getRegistryToken(name));
}

/**
 * Injects a service that `SnorkyModule.forFeature` or a bundled module made.
 * (A decorated class under `providers` is injected by its class.)
 *
 * @param registry Needed where several registries have a service of that name;
 *   leaving it out there is an error at start-up.
 */
export function InjectService(
  name: string,
  registry?: string,
): PropertyDecorator & ParameterDecorator {
  const inject = Inject(getServiceToken(name, registry));
  if (registry !== undefined) return inject;
  return (target: object, key: string | symbol | undefined, index?: number) => {
    const owner = typeof target === 'function' ? target : target.constructor;
    const known = (Reflect.getOwnMetadata(INJECTED_SERVICES_METADATA, owner) ??
      []) as readonly string[];
    Reflect.defineMetadata(INJECTED_SERVICES_METADATA, [...known, name], owner);
    (inject as (target: object, key: unknown, index?: number) => void)(
      target,
      key,
      index,
    );
  };
}
