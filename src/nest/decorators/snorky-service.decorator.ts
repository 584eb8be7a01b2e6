import { applyDecorators, Injectable, SetMetadata } from '@nestjs/common';
import type { Commands } from '../../core/rpc/commands.js';
import type { ApiOf } from '../../protocol/snorky-types.js';
import { ENTRY_PROVIDER_WATERMARK } from '../setup/nest-internals.js';
import { ofThisCopy } from '../setup/package-copies.js';
import { SERVICE_METADATA } from '../setup/constants.js';

/** What `@SnorkyService` records about a class. */
export interface ServiceMetadata {
  readonly name: string;
  readonly registry: string | undefined;
}

/**
 * Makes a provider class a service: clients of the registry reach it under
 * `name`. Its commands are its methods with `@RpcCommand()`, inherited ones
 * included.
 *
 * If `SnorkyTypes` declares a service of this name, the class must have the
 * declared commands, with their results. `implements Commands<...>` also
 * compares their parameters. Declare a command as optional if its method has
 * another name.
 *
 * @param options.registry The only registry by default, or `frontend`.
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
    // Without this mark, Nest runs a request-scoped global guard as an object
    // whose constructor never ran, instead of making one for each call.
    SetMetadata(ENTRY_PROVIDER_WATERMARK, true),
  );
  return decorate as ServiceDecorator<ApiOf<Name>>;
}

/**
 * A decorator for classes with this interface; `never` stands for any class.
 */
export type ServiceDecorator<Api> = [Api] extends [never]
  ? ClassDecorator
  : (
      service: abstract new (
        ...injected: never[]
      ) => Commands<Api, keyof Api, keyof Api>,
    ) => void;
