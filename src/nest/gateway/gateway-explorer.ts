import {
  Inject,
  Injectable,
  SetMetadata,
  type OnModuleInit,
} from '@nestjs/common';
import {
  DiscoveryService,
  ExternalContextCreator,
  ModulesContainer,
} from '@nestjs/core';
import type { Admit } from '../../transports/websocket/websocket-endpoint.js';
import { GATEWAY_METADATA } from '../constants.js';
import {
  ContextCreator,
  ENTRY_PROVIDER_WATERMARK,
  type InstanceWrapper,
} from '../nest-internals.js';
import { ResolvedOptions } from '../resolved-options.js';
import { resolveScoped } from '../scoped-instance.js';
import { setupError } from '../setup-errors.js';
import type { WebSocketLateOptions } from '../snorky-options.js';
import {
  gatewayAdmission,
  gatewayContext,
  type GatewayPlace,
} from './gateway-admission.js';
import { gatewayListed, unlistedGateways } from './unlisted-gateways.js';

/** Finds the gateway class of each registry. */
@Injectable()
export class GatewayExplorer implements OnModuleInit {
  private readonly gateways = new Map<string, GatewayPlace & NamedPlace>();
  private open: GatewayPlace | undefined;
  private explored = false;

  constructor(
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(ExternalContextCreator)
    private readonly injected: ExternalContextCreator,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(ResolvedOptions) private readonly options: ResolvedOptions,
  ) {
    // Already when the application is created: another one of this process may
    // be initialized before this one is.
    for (const { metatype, token } of this.discovery.getProviders()) {
      gatewayListed(metatype);
      gatewayListed(token);
    }
  }

  onModuleInit(): void {
    this.explore();
  }

  /** Who decides about the upgrades of an endpoint; undefined: nobody. */
  admissionFor(
    registry: string,
    { middleware = [], globalGuards = false }: WebSocketLateOptions,
  ): Admit | undefined {
    // Global guards run on connections also where a registry has no gateway.
    const place =
      this.gateways.get(registry) ?? (globalGuards ? this.open : undefined);
    if (place === undefined) {
      return middleware.length > 0
        ? gatewayAdmission(middleware, undefined)
        : undefined;
    }
    const creator = globalGuards
      ? ContextCreator.withGlobalGuards(
          this.injected,
          this.modules,
          gatewayContext,
          'http',
        )
      : ContextCreator.withoutGlobals(this.modules, gatewayContext, 'http');
    return gatewayAdmission(middleware, { place, creator });
  }

  /** Who decides about connections, in words. Empty: nobody does. */
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
   * An endpoint has no gateway by intention, or by mistake.
   *
   * @throws SnorkySetupError by mistake.
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
      if (wrapper.isAlias) continue;
      const { metatype, token } = wrapper;
      if (metatype === OpenGateway) this.open = placeOf(wrapper, OpenGateway);
      const registry = registryOf(metatype);
      if (registry !== undefined && typeof metatype === 'function') {
        this.add(registry, placeOf(wrapper, metatype));
        continue;
      }
      // Passed over, it would let everybody in.
      const made: unknown = wrapper.instance;
      for (const one of [token, (made as object | undefined)?.constructor]) {
        if (registryOf(one) === undefined) continue;
        gatewayListed(one);
        throw setupError(
          'SNORKY_GATEWAY_PLACE',
          (one as { name: string }).name,
        );
      }
    }
  }

  private add(registry: string, place: GatewayPlace & NamedPlace): void {
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

/** The registry whose gateway a class is, if it is one. */
function registryOf(classRef: unknown): string | undefined {
  return typeof classRef === 'function'
    ? (Reflect.getMetadata(GATEWAY_METADATA, classRef) as string | undefined)
    : undefined;
}

interface NamedPlace {
  readonly classRef: { readonly name: string };
}

function placeOf(
  wrapper: InstanceWrapper,
  classRef: { readonly name: string; readonly prototype: object },
): GatewayPlace & NamedPlace {
  const isStatic = wrapper.isDependencyTreeStatic();
  return {
    classRef,
    moduleKey: wrapper.host?.token ?? '',
    inquirerId: wrapper.id,
    resolve: (request) =>
      isStatic
        ? { instance: wrapper.instance as object }
        : resolveScoped(wrapper, request),
  };
}

/**
 * Stands for the gateway that a registry does not have. A provider, marked like
 * others: Nest would not run a request-scoped global guard for anything else.
 *
 * @internal
 */
@Injectable()
@SetMetadata(ENTRY_PROVIDER_WATERMARK, true)
export class OpenGateway {}
