import { Module, type DynamicModule } from '@nestjs/common';
import {
  bundledService,
  type BundledServiceOptions,
} from '../../nest/bundled-service.js';
import { PUBSUB_TARGET, PubSubBackend } from './pubsub-backend.service.js';
import { PubSubService } from './pubsub.service.js';

/** What `PubSubModule.register` may be told. The name is `pubsub` by default. */
export interface PubSubModuleOptions
  extends
    Pick<DynamicModule, 'imports'>,
    BundledServiceOptions<PubSubService, PubSubBackend> {}

/**
 * Publish and subscribe: `pubsub` for clients, `pubsub_backend` for trusted
 * servers. Both can be injected anywhere, by class or with `@InjectService`.
 * Register it several times with different names; a class that is then the class
 * of several services is no longer injected, which is an error at start-up.
 */
@Module({})
export class PubSubModule {
  static register(options: PubSubModuleOptions = {}): DynamicModule {
    return {
      module: PubSubModule,
      global: true,
      imports: options.imports ?? [],
      ...bundledService(
        {
          service: PubSubService,
          backend: PubSubBackend,
          name: 'pubsub',
          target: PUBSUB_TARGET,
        },
        options,
      ),
    };
  }
}
