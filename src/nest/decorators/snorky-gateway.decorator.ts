import { applyDecorators, Injectable, SetMetadata } from '@nestjs/common';
import { ENTRY_PROVIDER_WATERMARK } from '../setup/nest-internals.js';
import { ofThisCopy } from '../setup/package-copies.js';
import { DEFAULT_REGISTRY, GATEWAY_METADATA } from '../setup/constants.js';
import { gatewayDeclared } from './unlisted-gateways.js';

/**
 * Decides who may connect to the sockets of a registry, and with which
 * identity. Guards, interceptors and filters on the class or on its method
 * `identify` run before the handshake is accepted (see `IdentifiesClient`).
 *
 * List the class under `providers`: it would guard nothing otherwise. While no
 * application of the process lists it, an application does not start whose
 * registry has this name and no gateway, unless its endpoint says `open: true`.
 *
 * @example
 * @SnorkyGateway('frontend')
 * @UseGuards(JwtGuard)
 * class FrontendGateway implements IdentifiesClient {
 *   identify(request: UpgradeRequest) { return request.user.id; }
 * }
 */
export function SnorkyGateway(
  registry: string = DEFAULT_REGISTRY,
): ClassDecorator {
  const decorate: ClassDecorator = applyDecorators(
    ofThisCopy,
    Injectable(),
    SetMetadata(GATEWAY_METADATA, registry),
    // See SnorkyService.
    SetMetadata(ENTRY_PROVIDER_WATERMARK, true),
  );
  return (classRef) => {
    decorate(classRef);
    gatewayDeclared(registry, classRef);
  };
}
