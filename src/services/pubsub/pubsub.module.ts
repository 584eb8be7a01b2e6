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
  pubSubOptions,
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

/** What of a PubSub module is static. The name is `pubsub` by default. */
export interface PubSubStaticOptions extends BundledStaticOptions<
  PubSubService,
  PubSubBackend
> {}

/** What `PubSubModule.register` may be told. */
export interface PubSubModuleOptions
  extends PubSubStaticOptions, PubSubOptions {}

/** What `PubSubModule.registerAsync` may be told. */
export type PubSubModuleAsyncOptions = BundledAsyncOptions<
  PubSubStaticOptions,
  PubSubOptions
>;

/**
 * Publish and subscribe: `pubsub` for clients, `pubsub_backend` for trusted
 * servers. Both can be injected anywhere, by class or with `@InjectService`.
 * Register it several times with different names; a class that is then the class
 * of several services is no longer injected, which is an error at start-up.
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
  return [bundled.made(PUBSUB_OPTIONS, options, pubSubOptions)];
}
