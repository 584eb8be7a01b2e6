import { applyDecorators, Injectable, SetMetadata } from '@nestjs/common';
import { ENTRY_PROVIDER_WATERMARK } from '../nest-internals.js';
import { ofThisCopy } from '../package-copies.js';
import { SERVICE_METADATA } from '../constants.js';

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
 * @param options.registry Default: `frontend`, or the only one there is.
 *
 * @example
 * @SnorkyService('calculator')
 * export class Calculator {
 *   @RpcCommand()
 *   sum({ number1, number2 }: SumParams): number { return number1 + number2; }
 * }
 */
export function SnorkyService(
  name: string,
  options: { readonly registry?: string } = {},
): ClassDecorator {
  const metadata: ServiceMetadata = { name, registry: options.registry };
  return applyDecorators(
    ofThisCopy,
    Injectable(),
    SetMetadata(SERVICE_METADATA, metadata),
    // Without it Nest runs a request-scoped global guard as an object whose
    // constructor never ran, instead of resolving it for each call.
    SetMetadata(ENTRY_PROVIDER_WATERMARK, true),
  );
}
