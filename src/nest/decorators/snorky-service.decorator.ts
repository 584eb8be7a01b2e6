import { applyDecorators, Injectable, SetMetadata } from '@nestjs/common';
import type { Commands } from '../../core/rpc/commands.js';
import type { ApiOf } from '../../protocol/snorky-types.js';
import { ENTRY_PROVIDER_WATERMARK } from '../setup/nest-internals.js';
import { ofThisCopy } from '../setup/package-copies.js';
import { SERVICE_METADATA } from '../setup/constants.js';

/** What `@SnorkyService` records. */
export interface ServiceMetadata {
  readonly name: string;
  readonly registry: string | undefined;
}

/**
 * Makes a provider class a service: clients of the registry reach it under
 * `name`. Its commands are the methods with `@RpcCommand()`, its own and
 * inherited ones.
 *
 * Where `SnorkyTypes` declares a service of this name, the class must have its
 * commands, with their results; `implements Commands<...>` also compares what they
 * take. One with another name than its method is declared as optional.
 *
 * @param options.registry Default: `frontend`, or the only one there is.
 *
 * @example
 * @SnorkyService('calculator')
 * export class Calculator {
 *   @RpcCommand()
 *   sum({ number1, number2 }: SumParams): number { return number1 + number2; }
 * }
 */
export function SnorkyService<const Name extends string>(
  name: Name,
  options: { readonly registry?: string } = {},
): ServiceDecorator<ApiOf<Name>> {
  const metadata: ServiceMetadata = { name, registry: options.registry };
  const decorate: ClassDecorator = applyDecorators(
    ofThisCopy,
    Injectable(),
    SetMetadata(SERVICE_METADATA, metadata),
    // Without it Nest runs a request-scoped global guard as an object whose
    // constructor never ran, instead of resolving it for each call.
    SetMetadata(ENTRY_PROVIDER_WATERMARK, true),
  );
  return decorate as ServiceDecorator<ApiOf<Name>>;
}

/** Decorates a service with this interface; `never` stands for any class. */
export type ServiceDecorator<Api> = [Api] extends [never]
  ? ClassDecorator
  : (
      service: abstract new (
        ...injected: never[]
      ) => Commands<Api, keyof Api, keyof Api>,
    ) => void;
