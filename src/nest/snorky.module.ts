import {
  ConfigurableModuleBuilder,
  Inject,
  Module,
  type DynamicModule,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { DiscoveryModule, ModulesContainer } from '@nestjs/core';
import { MemoryBroker } from '../broker/memory/memory-broker.js';
import type { Broker } from '../broker/ports/broker.js';
import { RateLimitedLog } from '../core/log/log.js';
import { whenReady } from '../core/promise-like.js';
import { Service } from '../core/service.js';
import { BackendHost } from './hosts/backend-host.js';
import { CommandBinder } from './explore/command-binder.js';
import {
  CLASS_RULES,
  getRegistryToken,
  SNORKY_BROKER,
  SNORKY_REGISTRIES,
} from './setup/constants.js';
import { EventHost } from './hosts/event-host.js';
import { GatewayExplorer, OpenGateway } from './gateway/gateway-explorer.js';
import { nestLogSink } from './registration/nest-log-sink.js';
import { LazyModules } from './explore/lazy-modules.js';
import { checkCopies, ofThisCopy } from './setup/package-copies.js';
import { PublicationReach } from './hosts/publication-reach.js';
import { RegistrySet } from './registration/registry-set.js';
import { ResolvedOptions } from './options/resolved-options.js';
import { ServiceExplorer } from './explore/service-explorer.js';
import { closeBroker, startedBroker } from './registration/broker-life.js';
import {
  rootCheck,
  serviceProviders,
  tokensOf,
  type FeatureService,
} from './registration/service-providers.js';
import { setupError } from './setup/setup-errors.js';
import type {
  RegistryOptions,
  SnorkyLateOptions,
  SnorkyModuleAsyncOptions,
  SnorkyModuleOptions,
} from './options/snorky-options.js';
import { transformerRules } from './class-rules/transformer-rules.js';
import { WebSocketHost } from './hosts/websocket-host.js';

const { ConfigurableModuleClass: Definition, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<SnorkyLateOptions>()
    .setClassMethodName('forRoot')
    .build();

/** Brings Snorky into an application. Import it once, in the root module. */
@Module({})
export class SnorkyModule implements OnApplicationShutdown {
  constructor(
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(SNORKY_BROKER) private readonly broker: Broker,
    @Inject(ResolvedOptions) private readonly options: ResolvedOptions,
  ) {
    checkCopies(modules);
    let roots = 0;
    for (const { providers } of modules.values()) {
      if (providers.has(SNORKY_BROKER)) roots++;
    }
    if (roots > 1) throw setupError('SNORKY_ROOT_TWICE');
  }

  /** @see SnorkyModuleOptions */
  static forRoot(options: SnorkyModuleOptions): DynamicModule {
    const { registries, ...late } = options;
    return define(Definition.forRoot(late), registries);
  }

  /**
   * Like `forRoot`, with keys, limits and other options from a factory that may
   * inject providers. Names of registries and paths are static.
   */
  static forRootAsync(options: SnorkyModuleAsyncOptions): DynamicModule {
    const { registries, ...late } = options;
    type Late = Parameters<typeof Definition.forRootAsync>[0];
    return define(Definition.forRootAsync(late as Late), registries);
  }

  /**
   * Provides services under names that the application chooses, each with an
   * instance of its own: one class can be given several times, or in several
   * registries. Inject them with `@InjectService(name, registry)`. A class
   * given here is not also registered by its decorator.
   *
   * @param options.imports Modules with the providers that the services, and
   *   the guards on them, inject.
   */
  static forFeature(
    services: readonly FeatureService[],
    options: Pick<DynamicModule, 'imports' | 'providers'> = {},
  ): DynamicModule {
    const made = services.map((service) => serviceProviders(service));
    return {
      module: SnorkyFeatureModule,
      imports: options.imports ?? [],
      providers: [
        ...made.flat(),
        ...services.map(({ name }) => rootCheck(name)),
        ...(options.providers ?? []),
      ],
      exports: services.flatMap(({ name, registry }) =>
        tokensOf(name, registry),
      ),
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await closeBroker(this.broker, this.options.shutdownTimeout);
  }
}

/** The module behind `forFeature`. Each call makes another one. */
@Module({})
export class SnorkyFeatureModule {}

for (const one of [SnorkyModule, SnorkyFeatureModule, Service]) ofThisCopy(one);

function define(
  { providers = [], imports = [] }: DynamicModule,
  registries: Readonly<Record<string, RegistryOptions>>,
): DynamicModule {
  const names = Object.keys(registries);
  return {
    module: SnorkyModule,
    global: true,
    imports: [...imports, DiscoveryModule],
    providers: [
      ...providers,
      { provide: SNORKY_REGISTRIES, useValue: registries },
      {
        provide: ResolvedOptions,
        inject: [SNORKY_REGISTRIES, MODULE_OPTIONS_TOKEN],
        useFactory: (known: typeof registries, late: SnorkyLateOptions) =>
          new ResolvedOptions(known, late),
      },
      {
        provide: SNORKY_BROKER,
        inject: [MODULE_OPTIONS_TOKEN],
        useFactory: ({ broker }: SnorkyLateOptions) =>
          startedBroker(broker ?? memoryBroker()),
      },
      { provide: CLASS_RULES, useFactory: transformerRules },
      {
        provide: RegistrySet,
        inject: [MODULE_OPTIONS_TOKEN, SNORKY_BROKER],
        useFactory: ({ log }: SnorkyLateOptions, broker: Broker) => {
          const set = new RegistrySet(names, log);
          return whenReady(set.join(broker), () => set);
        },
      },
      ...names.map((name) => ({
        provide: getRegistryToken(name),
        inject: [RegistrySet],
        useFactory: (set: RegistrySet) => set.get(name),
      })),
      CommandBinder,
      GatewayExplorer,
      OpenGateway,
      ServiceExplorer,
      WebSocketHost,
      BackendHost,
      EventHost,
      PublicationReach,
      LazyModules,
    ],
    exports: [
      SNORKY_BROKER,
      CLASS_RULES,
      RegistrySet,
      WebSocketHost,
      BackendHost,
      ...names.map(getRegistryToken),
    ],
  };
}

/** The broker of an application that brings none. */
function memoryBroker(): Broker {
  const log = new RateLimitedLog(nestLogSink('Snorky'));
  return new MemoryBroker({
    onError: (error, { port, name }) => {
      // The name of a topic may contain that of a channel, which clients
      // choose.
      log.error(
        port,
        () => `A listener of the broker's ${port} failed`,
        error,
        (shown) => `Failed: ${shown.value(name)}`,
      );
    },
  });
}
