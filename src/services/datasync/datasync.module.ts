import {
  ConfigurableModuleBuilder,
  Module,
  type DynamicModule,
  type Type,
} from '@nestjs/common';
import type { ClassRules } from '../../core/json/class-rules.js';
import {
  bundledService,
  type BundledServiceOptions,
} from '../../nest/registration/bundled-service.js';
import { CLASS_RULES } from '../../nest/setup/constants.js';
import { ofThisCopy } from '../../nest/setup/package-copies.js';
import { setupError } from '../../nest/setup/setup-errors.js';
import type { AsyncOptions } from '../../nest/options/snorky-options.js';
import {
  DATASYNC_TARGET,
  DataSyncBackend,
} from './datasync-backend.service.js';
import { dataSyncSettings, type DataSyncOptions } from './datasync-options.js';
import {
  DATASYNC_DEALERS,
  DATASYNC_MODELS,
  DATASYNC_SETTINGS,
  DataSyncService,
} from './datasync.service.js';
import { Dealer, type AnyDealer } from './dealers/dealer.js';
import { declaredModels } from './models/declared-models.js';
import type { ModelsOptions } from './models/model-options.js';

const { ConfigurableModuleClass: Definition, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<DataSyncOptions>().build();

const NAME = 'datasync';

/** What of a DataSync module is static. The name is `datasync` by default. */
export interface DataSyncStaticOptions
  extends
    Pick<DynamicModule, 'imports'>,
    BundledServiceOptions<DataSyncService, DataSyncBackend> {
  /** Who decides who hears what: classes, made with injection, or instances. */
  readonly dealers: readonly (Type<AnyDealer> | AnyDealer)[];
}

/** The options of `DataSyncModule.register`. */
export interface DataSyncModuleOptions
  extends DataSyncStaticOptions, DataSyncOptions {}

/** The options of `DataSyncModule.registerAsync`. */
export interface DataSyncModuleAsyncOptions
  extends
    DataSyncStaticOptions,
    Omit<AsyncOptions<DataSyncOptions>, 'imports'> {
  /** As of `register`. Those of the factory come in place of them, by model. */
  readonly models?: ModelsOptions;
}

/**
 * Live data: `datasync` for clients, `datasync_backend` for trusted servers.
 * Both can be injected anywhere, by class or with `@InjectService`. Register it
 * several times with different names.
 */
@Module({})
export class DataSyncModule {
  static register(options: DataSyncModuleOptions): DynamicModule {
    return define(Definition.register(options), options);
  }

  /** Like `register`, with limits from a factory that may inject providers. */
  static registerAsync(options: DataSyncModuleAsyncOptions): DynamicModule {
    type Late = Parameters<typeof Definition.registerAsync>[0];
    return define(
      Definition.registerAsync(options as unknown as Late),
      options,
    );
  }
}

ofThisCopy(Dealer);

function define(
  { providers = [], imports = [] }: DynamicModule,
  options: DataSyncStaticOptions & Pick<DataSyncOptions, 'models'>,
): DynamicModule {
  const { dealers, name = NAME } = options;
  const bundled = bundledService(
    {
      service: DataSyncService,
      backend: DataSyncBackend,
      name: NAME,
      target: DATASYNC_TARGET,
    },
    options,
  );
  const dealerProviders = dealers.map((dealer, index) => {
    const provide = `SnorkyDealer(${name}/${index})`;
    if (typeof dealer !== 'function') return { provide, useValue: dealer };
    // Under its class, by which a test can override it.
    return dealers.indexOf(dealer) === index
      ? { provide: dealer, useClass: dealer }
      : { provide, useClass: dealer };
  });
  return {
    module: DataSyncModule,
    global: true,
    imports: [...imports, ...(options.imports ?? [])],
    providers: [
      ...providers,
      ...dealerProviders,
      {
        provide: DATASYNC_DEALERS,
        inject: dealerProviders.map(({ provide }) => provide),
        useFactory: (...made: unknown[]) =>
          made.map((one, index) => namedAs(dealers[index], one)),
      },
      {
        provide: DATASYNC_SETTINGS,
        inject: [MODULE_OPTIONS_TOKEN],
        useFactory: (late: DataSyncOptions) =>
          sound(name, () => dataSyncSettings(late)),
      },
      {
        provide: DATASYNC_MODELS,
        inject: [
          MODULE_OPTIONS_TOKEN,
          DATASYNC_DEALERS,
          { token: CLASS_RULES, optional: true },
        ],
        useFactory: (
          late: DataSyncOptions,
          made: readonly Dealer<never>[],
          rules: ClassRules | undefined,
        ) =>
          sound(name, () =>
            declaredModels({ ...options.models, ...late.models }, made, rules),
          ),
      },
      ...bundled.providers,
    ],
    exports: bundled.exports,
  };
}

/**
 * What stands for a dealer, such as one of a test, has its name, unless it says
 * another.
 */
function namedAs(declared: unknown, made: unknown): unknown {
  if (typeof declared !== 'function' || !(made instanceof Dealer)) return made;
  const { constructor, name } = made as Dealer<never>;
  if (constructor !== declared && name === constructor.name) {
    Object.defineProperty(made, 'name', { value: declared.name });
  }
  return made;
}

/** Makes of an option's TypeError an error that names the service. */
function sound<T>(name: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw setupError('SNORKY_SERVICE_OPTION_INVALID', name, error.message);
  }
}
