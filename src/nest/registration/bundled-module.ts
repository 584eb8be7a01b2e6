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

/** What of the module of a bundled service is static. */
export interface BundledStaticOptions<Service, Backend = never>
  extends
    Pick<DynamicModule, 'imports'>,
    BundledServiceOptions<Service, Backend> {}

/** `registerAsync` of such a module: what is static, and a factory of the rest. */
export type BundledAsyncOptions<Static, Options> = Static &
  Omit<AsyncOptions<Options>, 'imports'>;

/** What `ConfigurableModuleBuilder` makes, as far as it is used. */
interface Definition<Options> {
  register(options: Options): DynamicModule;
  registerAsync(options: never): DynamicModule;
}

/**
 * The module of a bundled service: the service, its backend where it has one, and
 * what it is told, at once or by a factory. All of them are made by this.
 *
 * @internal
 */
export class BundledModule<Service, Backend, Options extends object> {
  /**
   * @param module The class that applications import.
   * @param definition Where its options stand, and under which token.
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

  /** The name of the service, as an application has called it. */
  nameIn({ name = this.classes.name }: { readonly name?: string }): string {
    return name;
  }

  /**
   * A provider of what is made of the options. What they cannot be is a TypeError,
   * and becomes an error of the set-up that names the service.
   *
   * @param inject What it is made of besides.
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
