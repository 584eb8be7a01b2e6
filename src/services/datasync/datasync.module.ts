import {
  ConfigurableModuleBuilder,
  Module,
  type DynamicModule,
  type Provider,
  type Type,
} from '@nestjs/common';
import type { ClassRules } from '../../core/json/class-rules.js';
import {
  BundledModule,
  type BundledAsyncOptions,
  type BundledStaticOptions,
} from '../../nest/registration/bundled-module.js';
import { CLASS_RULES } from '../../nest/setup/constants.js';
import { ofThisCopy } from '../../nest/setup/package-copies.js';
import {
  DATASYNC_TARGET,
  DataSyncBackend,
} from './datasync-backend.service.js';
import {
  DATASYNC_DEALERS,
  DATASYNC_MODELS,
  DATASYNC_SETTINGS,
  dataSyncSettings,
  type DataSyncOptions,
} from './datasync-options.js';
import { DataSyncService } from './datasync.service.js';
import { Dealer, type AnyDealer } from './dealers/dealer.js';
import { declaredModels } from './models/declared-models.js';
import type { ModelsOptions } from './models/model-options.js';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<DataSyncOptions>().build();

const bundled = new BundledModule(
  () => DataSyncModule,
  {
    service: DataSyncService,
    name: 'datasync',
    backend: { service: DataSyncBackend, target: DATASYNC_TARGET },
  },
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN,
);

/**
 * The static options of a DataSync module. The name is `datasync` by default.
 */
export interface DataSyncStaticOptions extends BundledStaticOptions<
  DataSyncService,
  DataSyncBackend
> {
  /**
   * The dealers, which decide who hears of which change: classes, made with
   * injection, or instances.
   */
  readonly dealers: readonly (Type<AnyDealer> | AnyDealer)[];
}

/** The options of `DataSyncModule.register`. */
export interface DataSyncModuleOptions
  extends DataSyncStaticOptions, DataSyncOptions {}

/** The options of `DataSyncModule.registerAsync`. */
export type DataSyncModuleAsyncOptions = BundledAsyncOptions<
  DataSyncStaticOptions,
  DataSyncOptions
> & {
  /**
   * As for `register`. If the factory gives options for the same model, those
   * replace these.
   */
  readonly models?: ModelsOptions;
};

/**
 * Live data: `datasync` for clients, `datasync_backend` for trusted servers.
 * Both can be injected anywhere, by class or with `@InjectService`. The module
 * can be registered several times with different names.
 */
@Module({})
export class DataSyncModule {
  static register(options: DataSyncModuleOptions): DynamicModule {
    return bundled.register(options, providers(options));
  }

  /** Like `register`, with limits from a factory that may inject providers. */
  static registerAsync(options: DataSyncModuleAsyncOptions): DynamicModule {
    return bundled.registerAsync(options, providers(options));
  }
}

ofThisCopy(Dealer);

function providers(
  options: DataSyncStaticOptions & Pick<DataSyncOptions, 'models'>,
): Provider[] {
  const { dealers } = options;
  const name = bundled.nameIn(options);
  const dealerProviders = dealers.map((dealer, index) => {
    const provide = `SnorkyDealer(${name}/${index})`;
    if (typeof dealer !== 'function') return { provide, useValue: dealer };
    // Provided under its class, so that a test can override it.
    return dealers.indexOf(dealer) === index
      ? { provide: dealer, useClass: dealer }
      : { provide, useClass: dealer };
  });
  return [
    ...dealerProviders,
    {
      provide: DATASYNC_DEALERS,
      inject: dealerProviders.map(({ provide }) => provide),
      useFactory: (...made: unknown[]) =>
        made.map((one, index) => namedAs(dealers[index], one)),
    },
    bundled.made(DATASYNC_SETTINGS, options, dataSyncSettings),
    bundled.made(
      DATASYNC_MODELS,
      options,
      (
        late: DataSyncOptions,
        made: readonly Dealer<never>[],
        rules: ClassRules | undefined,
      ) => declaredModels({ ...options.models, ...late.models }, made, rules),
      [DATASYNC_DEALERS, { token: CLASS_RULES, optional: true }],
    ),
  ];
}

/**
 * Gives a stand-in for a dealer, such as one of a test, the dealer's name,
 * unless it declares another.
 */
function namedAs(declared: unknown, made: unknown): unknown {
  if (typeof declared !== 'function' || !(made instanceof Dealer)) return made;
  const { constructor, name } = made as Dealer<never>;
  if (constructor !== declared && name === constructor.name) {
    Object.defineProperty(made, 'name', { value: declared.name });
  }
  return made;
}
