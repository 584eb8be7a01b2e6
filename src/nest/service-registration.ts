import type { Type } from '@nestjs/common';

/** A service that a module asked for by name, instead of by its decorator. */
export class ServiceRegistration {
  constructor(
    /** The token under which the service is provided. */
    readonly token: string,
    readonly service: Type,
    readonly name: string,
    /** Undefined: the default of the application. */
    readonly registry: string | undefined,
    /** Left out where the registry does not exist, instead of an error. */
    readonly optional: boolean = false,
  ) {}
}
