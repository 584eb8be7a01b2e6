import { Inject } from '@nestjs/common';
import {
  getRegistryToken,
  getServiceToken,
  SNORKY_BROKER,
} from '../setup/constants.js';

/** Injects a `ServiceRegistry`. @param name Default: `frontend`. */
export function InjectRegistry(
  name?: string,
): PropertyDecorator & ParameterDecorator {
  return Inject(getRegistryToken(name));
}

/**
 * Injects the broker of `SnorkyModule.forRoot`, or the one in memory that is there
 * without one.
 *
 * @example
 * constructor(@InjectBroker() private readonly broker: Broker) {}
 */
export function InjectBroker(): PropertyDecorator & ParameterDecorator {
  return Inject(SNORKY_BROKER);
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
  return Inject(getServiceToken(name, registry));
}
