import {
  Inject,
  Injectable,
  SetMetadata,
  type OnModuleInit,
} from '@nestjs/common';
import { DiscoveryService, ExternalContextCreator } from '@nestjs/core';
import type { MaybePromise } from '../../protocol/maybe-promise.js';
import type { Admit } from '../../core/admission/admission.js';
import { EnhancerBinder } from '../enhancers/enhancer-binder.js';
import { checkAllBound } from '../enhancers/unbound-enhancers.js';
import { ENTRY_PROVIDER_WATERMARK, isAlias } from '../setup/nest-internals.js';
import { ResolvedOptions } from '../options/resolved-options.js';
import { setupError } from '../setup/setup-errors.js';
import type { WebSocketLateOptions } from '../options/snorky-options.js';
import {
  classOf,
  decoratedClass,
  type ClassRef,
} from '../providers/stand-in.js';
import {
  isPlaced,
  placeOf,
  registryOf,
  type FoundGateway,
} from './found-gateway.js';
import { gatewayAdmission, identifyOf } from './gateway-admission.js';
import {
  NOBODY,
  routeIdentity,
  type RouteIdentity,
} from './route-identification.js';
import type { RouteRequest } from './route-request.js';
import {
  gatewayListed,
  unlistedGateways,
} from '../decorators/unlisted-gateways.js';

/** Finds the gateway class of each registry. */
@Injectable()
export class GatewayExplorer implements OnModuleInit {
  private readonly gateways = new Map<string, FoundGateway>();
  private open: FoundGateway | undefined;
  private explored = false;
  private readonly enhancers: EnhancerBinder;

  constructor(
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(ExternalContextCreator)
    injected: ExternalContextCreator,
    @Inject(ResolvedOptions) private readonly options: ResolvedOptions,
  ) {
    this.enhancers = new EnhancerBinder(injected);
    // Noted when the application is created: another application of this
    // process may be initialized earlier.
    for (const { metatype, token } of this.discovery.getProviders()) {
      gatewayListed(metatype);
      gatewayListed(token);
    }
  }

  onModuleInit(): void {
    this.explore();
  }

  /**
   * The decision about the upgrades of an endpoint; undefined where nothing
   * decides.
   */
  admissionFor(
    registry: string,
    { middleware = [], globalGuards = false }: WebSocketLateOptions,
  ): Admit | undefined {
    // Global guards run on connections even where a registry has no gateway.
    const place =
      this.gateways.get(registry) ?? (globalGuards ? this.open : undefined);
    if (place === undefined) {
      return middleware.length > 0
        ? gatewayAdmission(middleware, undefined)
        : undefined;
    }
    const { classRef } = place;
    const bound = this.enhancers.bind(place, identifyOf(classRef), {
      globals: globalGuards ? 'guards' : 'none',
    });
    const never =
      'pipes do not run on connections. Check the request in a guard, or in ' +
      'identify().';
    checkAllBound(classRef, new Map([['identify', bound]]), {
      onClass: never,
      onMethod:
        'guards, interceptors and filters of a gateway run around identify() ' +
        'alone. Put it there, or on the class.',
      called: [],
    });
    return gatewayAdmission(middleware, { place, bound });
  }

  /**
   * The identity behind a route's request, which the gateway of a registry
   * tells.
   *
   * @throws What the gateway throws, and an Error when it does not tell.
   */
  identityOn(
    registry: string,
    request: RouteRequest,
  ): MaybePromise<RouteIdentity> {
    const place = this.gateways.get(registry);
    return place === undefined ? NOBODY : routeIdentity(place, request);
  }

  /** The names of what decides about connections; empty where nothing does. */
  deciding(
    registry: string,
    { middleware = [], globalGuards = false }: WebSocketLateOptions,
  ): readonly string[] {
    const place = this.gateways.get(registry);
    return [
      ...(middleware.length > 0 ? ['middleware'] : []),
      ...(globalGuards ? ['global guards'] : []),
      ...(place === undefined ? [] : [place.classRef.name]),
    ];
  }

  /**
   * Finds out whether endpoints without a gateway are open on purpose.
   *
   * @throws SnorkySetupError when one may be open by mistake.
   */
  checkOpen(): void {
    this.explore();
    for (const { registry, path, options } of this.options.endpoints) {
      const place = this.gateways.get(registry);
      if (place !== undefined) {
        if (options.open !== true) continue;
        const { name } = place.classRef;
        throw setupError('SNORKY_GATEWAY_OPEN', name, registry, path);
      }
      const unlisted = unlistedGateways(registry);
      if (options.open === true || unlisted.length === 0) continue;
      const who = unlisted.join(' or ');
      throw setupError('SNORKY_GATEWAY_UNLISTED', who, registry, path);
    }
  }

  private explore(): void {
    if (this.explored) return;
    this.explored = true;
    for (const wrapper of this.discovery.getProviders()) {
      if (isAlias(wrapper)) continue;
      const { metatype, token } = wrapper;
      if (metatype === OpenGateway) this.open = placeOf(wrapper, OpenGateway);
      const own = classOf(wrapper);
      const registry = registryOf(metatype) ?? registryOf(token);
      if (registry !== undefined && isPlaced(wrapper, own)) {
        const declared = registryOf(metatype) === undefined ? token : metatype;
        const classRef = decoratedClass(declared as ClassRef, wrapper);
        this.add(registry, placeOf(wrapper, classRef));
        continue;
      }
      // A gateway that is passed over here would let everybody in.
      for (const one of [token, own]) {
        if (registryOf(one) === undefined) continue;
        gatewayListed(one);
        throw setupError(
          'SNORKY_GATEWAY_PLACE',
          (one as { name: string }).name,
        );
      }
    }
  }

  private add(registry: string, place: FoundGateway): void {
    const first = this.gateways.get(registry);
    const { name } = place.classRef;
    if (first !== undefined) {
      throw setupError(
        'SNORKY_GATEWAY_TWICE',
        registry,
        first.classRef.name,
        name,
      );
    }
    const { names } = this.options;
    if (!names.includes(registry)) {
      throw setupError(
        'SNORKY_REGISTRY_UNKNOWN',
        name,
        registry,
        names.join(', ') || 'none',
      );
    }
    const used = this.options.endpoints.some(
      (one) => one.registry === registry,
    );
    if (!used) throw setupError('SNORKY_GATEWAY_USELESS', name, registry);
    this.gateways.set(registry, place);
  }
}

/**
 * Stands for the gateway of a registry that has none. It is a provider with the
 * mark of an entry: for anything else, Nest would not run a request-scoped
 * global guard.
 *
 * @internal
 */
@Injectable()
@SetMetadata(ENTRY_PROVIDER_WATERMARK, true)
export class OpenGateway {}
