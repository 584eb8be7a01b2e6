import {
  ConfigurableModuleBuilder,
  Module,
  type DynamicModule,
} from '@nestjs/common';
import {
  BundledModule,
  type BundledAsyncOptions,
  type BundledStaticOptions,
} from '../../nest/registration/bundled-module.js';
import { PUBSUB_TARGET, PubSubBackend } from './pubsub-backend.service.js';
import { PubSubService } from './pubsub.service.js';
import {
  PUBSUB_OPTIONS,
  pubSubSettings,
  type PubSubOptions,
} from './pubsub-options.js';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<PubSubOptions>().build();

const bundled = new BundledModule(
  () => PubSubModule,
  {
    service: PubSubService,
    name: 'pubsub',
    backend: { service: PubSubBackend, target: PUBSUB_TARGET },
  },
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN,
);

/** The static options of a PubSub module. The name is `pubsub` by default. */
export interface PubSubStaticOptions extends BundledStaticOptions<
  PubSubService,
  PubSubBackend
> {}

/** The options of `PubSubModule.register`. */
export interface PubSubModuleOptions
  extends PubSubStaticOptions, PubSubOptions {}

/** The options of `PubSubModule.registerAsync`. */
export type PubSubModuleAsyncOptions = BundledAsyncOptions<
  PubSubStaticOptions,
  PubSubOptions
>;

/**
 * Publish and subscribe: `pubsub` for clients, `pubsub_backend` for trusted
 * servers. Both can be injected anywhere, by class or with `@InjectService`.
 *
 * The module can be registered several times with different names. If several
 * services then have the same class, injecting by that class stops the start.
 */
@Module({})
export class PubSubModule {
  static register(options: PubSubModuleOptions = {}): DynamicModule {
    return bundled.register(options, providers(options));
  }

  /** Like `register`, with options from a factory that may inject providers. */
  static registerAsync(options: PubSubModuleAsyncOptions): DynamicModule {
    return bundled.registerAsync(options, providers(options));
  }
}

function providers(options: PubSubStaticOptions) {
  return [bundled.made(PUBSUB_OPTIONS, options, pubSubSettings)];
}
