import type { Type } from '@nestjs/common';

/** A service that a module requests by name, instead of by its decorator. */
export interface RequestedService {
  /** The token under which the service is provided. */
  readonly token: string;
  /** Further tokens that are aliases of it. */
  readonly aliases: readonly (string | Type)[];
  readonly service: Type;
  readonly name: string;
  /** Undefined for the application's default. */
  readonly registry: string | undefined;
  /**
   * Whether a missing registry leaves the service out instead of being an
   * error.
   */
  readonly optional: boolean;
}

/**
 * The note by which a service is registered. It is a provider, and an
 * application may wrap providers in proxies that also wrap functions. A class
 * in the note would no longer be that class, so it is kept one level deeper.
 */
export class ServiceRegistration {
  constructor(readonly requested: RequestedService) {}
}
