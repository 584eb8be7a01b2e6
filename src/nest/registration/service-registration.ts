import type { Type } from '@nestjs/common';

/** A service that a module asks for by name, instead of by its decorator. */
export interface RequestedService {
  /** The token under which the service is provided. */
  readonly token: string;
  /** Further tokens that stand for it. */
  readonly aliases: readonly (string | Type)[];
  readonly service: Type;
  readonly name: string;
  /** Undefined: the default of the application. */
  readonly registry: string | undefined;
  /** Left out where the registry does not exist, instead of an error. */
  readonly optional: boolean;
}

/**
 * The note that has a service registered. It is a provider, and an application may
 * have those in proxies that wrap what is a function: a class in it would no
 * longer be that class. So it stands one step further in.
 */
export class ServiceRegistration {
  constructor(readonly requested: RequestedService) {}
}
