import type {
  DynamicModule,
  FactoryProvider,
  InjectionToken,
  Provider,
  Type,
} from '@nestjs/common';
import type { AsyncOptions } from '../options/snorky-options.js';
import { setupError } from '../setup/setup-errors.js';
import {
  bundledService,
  type BundledClasses,
  type BundledServiceOptions,
} from './bundled-service.js';

/** The static options of a bundled service's module. */
export interface BundledStaticOptions<Service, Backend = never>
  extends
    Pick<DynamicModule, 'imports'>,
    BundledServiceOptions<Service, Backend> {}

/**
 * The options of `registerAsync`: the static ones, and a factory of the others.
 */
export type BundledAsyncOptions<Static, Options> = Static &
  Omit<AsyncOptions<Options>, 'imports'>;

/** The parts of what `ConfigurableModuleBuilder` makes that are used here. */
interface Definition<Options> {
  register(options: Options): DynamicModule;
  registerAsync(options: never): DynamicModule;
}

/**
 * Makes the module of a bundled service: the service, its backend if it has
 * one, and the options, given at once or by a factory.
 *
 * @internal
 */
export class BundledModule<Service, Backend, Options extends object> {
  /**
   * @param module The class that applications import.
   * @param definition The base class and the token of its options.
   */
  constructor(
    private readonly module: () => Type,
    private readonly classes: BundledClasses<Service, Backend>,
    private readonly definition: Definition<Options>,
    private readonly token: InjectionToken,
  ) {}

  register(
    options: BundledStaticOptions<Service, Backend> & Options,
    more?: readonly Provider[],
  ): DynamicModule {
    return this.define(this.definition.register(options), options, more);
  }

  registerAsync(
    options: BundledStaticOptions<Service, Backend>,
    more?: readonly Provider[],
  ): DynamicModule {
    const made = this.definition.registerAsync(options as never);
    return this.define(made, options, more);
  }

  /** The name that an application has given to the service. */
  nameIn({ name = this.classes.name }: { readonly name?: string }): string {
    return name;
  }

  /**
   * A provider of something that is made of the options. A TypeError becomes an
   * error of the set-up that names the service.
   *
   * @param inject Further providers that it is made of.
   */
  made<Made>(
    provide: InjectionToken,
    options: { readonly name?: string },
    make: (given: Options, ...injected: never[]) => Made,
    inject: NonNullable<FactoryProvider['inject']> = [],
  ): Provider {
    const name = this.nameIn(options);
    return {
      provide,
      inject: [this.token, ...inject],
      useFactory: (given: Options, ...injected: never[]): Made => {
        try {
          return make(given, ...injected);
        } catch (error) {
          if (!(error instanceof TypeError)) throw error;
          throw setupError(
            'SNORKY_SERVICE_OPTION_INVALID',
            name,
            error.message,
          );
        }
      },
    };
  }

  private define(
    { providers = [], imports = [] }: DynamicModule,
    options: BundledStaticOptions<Service, Backend>,
    more: readonly Provider[] = [],
  ): DynamicModule {
    const bundled = bundledService(this.classes, options);
    return {
      module: this.module(),
      global: true,
      imports: [...imports, ...(options.imports ?? [])],
      providers: [...providers, ...more, ...bundled.providers],
      exports: bundled.exports,
    };
  }
}
