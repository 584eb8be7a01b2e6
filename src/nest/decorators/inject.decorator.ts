import { Inject } from '@nestjs/common';
import {
  getRegistryToken,
  getServiceToken,
  SNORKY_BROKER,
} from '../setup/constants.js';

/** Injects a `ServiceRegistry`. @param name `frontend` by default. */
export function InjectRegistry(
  name?: string,
): PropertyDecorator & ParameterDecorator {
  return Inject(getRegistryToken(name));
}

/**
 * Injects the broker that `SnorkyModule.forRoot` was given, or the broker in
 * memory if it was given none.
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
 * @param registry The name of the registry. If several have a service of that
 *   name, leaving it out stops the start.
 */
export function InjectService(
  name: string,
  registry?: string,
): PropertyDecorator & ParameterDecorator {
  return Inject(getServiceToken(name, registry));
}
