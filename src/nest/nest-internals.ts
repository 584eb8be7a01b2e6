/**
 * Every private part of Nest that is used, and why. Nothing else in this tree
 * may import from `@nestjs/.../internal` or read private fields;
 * test/nest/nest-internals.spec.ts fails when Nest changes one of them.
 */
import { ExternalContextCreator } from '@nestjs/core';
import { ExternalExceptionFilterContext } from '@nestjs/core/exceptions/external-exception-filter-context.js';
import {
  ExecutionContextHost,
  GuardsConsumer,
  GuardsContextCreator,
  InterceptorsConsumer,
  InterceptorsContextCreator,
  PipesConsumer,
  PipesContextCreator,
  STATIC_CONTEXT,
} from '@nestjs/core/internal';
import type {
  ArgumentsHost,
  ContextType,
  ExecutionContext,
} from '@nestjs/common';
import type { ContextId, ModulesContainer } from '@nestjs/core';
import { selectExceptionFilterMetadata } from '@nestjs/common/internal';

export {
  ENTRY_PROVIDER_WATERMARK,
  INTERCEPTORS_METADATA,
  METHOD_METADATA,
  PROPERTY_DEPS_METADATA,
  ROUTE_ARGS_METADATA,
  SELF_DECLARED_DEPS_METADATA,
} from '@nestjs/common/internal';
export type { InstanceWrapper } from '@nestjs/core/internal';

/** A method with everything that Nest may run around it. */
export type ContextHandler = (...args: unknown[]) => Promise<unknown>;

/** Makes the values of parameters from the arguments of a handler. */
export interface ParamsFactory {
  exchangeKeyForValue(type: number, data: unknown, args: unknown[]): unknown;
}

type Callback = (...args: unknown[]) => unknown;

/** Where a handler lives in the container. */
export interface HandlerPlace {
  readonly instance: object;
  readonly method: string;
  readonly callback: Callback;
  /** The token of the module that provides it. */
  readonly moduleKey: string;
  /** The id of its instance wrapper. */
  readonly inquirerId: string;
  readonly contextId?: ContextId;
}

type MakeContext = (
  args: unknown[],
  instance: object,
  callback: Callback,
) => ExecutionContextHost;

interface Creators {
  readonly guards: GuardsContextCreator;
  readonly interceptors: InterceptorsContextCreator;
  readonly pipes: PipesContextCreator;
  readonly filters: ExternalExceptionFilterContext;
}

/**
 * Nest's external context creator, with three differences: enhancers see the
 * execution context made here, exceptions are not logged by Nest (it would log
 * every refusal with its stack, as often as strangers like), and it can tell
 * whether any enhancer applies.
 */
export class ContextCreator {
  private constructor(
    private readonly creator: ExternalContextCreator,
    private readonly contextType: ContextType,
    private readonly creators: Creators | undefined,
  ) {}

  /** With the application's global enhancers. */
  static withGlobals(
    injected: ExternalContextCreator,
    modules: ModulesContainer,
    makeContext: MakeContext,
    contextType: ContextType,
  ): ContextCreator {
    const creators = creatorsOf(injected);
    // The public way: always right, but slower, and Nest logs exceptions itself.
    if (creators === undefined) {
      return new ContextCreator(injected, contextType, undefined);
    }
    return ContextCreator.assemble(creators, modules, makeContext, contextType);
  }

  /** Without the application's global enhancers. */
  static withoutGlobals(
    modules: ModulesContainer,
    makeContext: MakeContext,
    contextType: ContextType,
  ): ContextCreator {
    const creators = localCreators(modules);
    return ContextCreator.assemble(creators, modules, makeContext, contextType);
  }

  /** With the application's global guards, and no other global enhancer. */
  static withGlobalGuards(
    injected: ExternalContextCreator,
    modules: ModulesContainer,
    makeContext: MakeContext,
    contextType: ContextType,
  ): ContextCreator {
    const global = creatorsOf(injected);
    if (global === undefined) {
      return new ContextCreator(injected, contextType, undefined);
    }
    const creators = { ...localCreators(modules), guards: global.guards };
    return ContextCreator.assemble(creators, modules, makeContext, contextType);
  }

  private static assemble(
    creators: Creators,
    modules: ModulesContainer,
    makeContext: MakeContext,
    contextType: ContextType,
  ): ContextCreator {
    const creator = new ExternalContextCreator(
      creators.guards,
      new ContextGuards(makeContext),
      creators.interceptors,
      new ContextInterceptors(makeContext),
      modules,
      creators.pipes,
      new PipesConsumer(),
      creators.filters,
    );
    return new ContextCreator(creator, contextType, creators);
  }

  /** Whether the private parts were found, so that the fast way is open. */
  get exact(): boolean {
    return this.creators !== undefined;
  }

  /** Whether a guard, pipe, interceptor or filter applies to a static handler. */
  hasEnhancers(place: HandlerPlace): boolean {
    if (this.creators === undefined) return true;
    const { guards, interceptors, pipes } = this.creators;
    const { instance, callback, moduleKey, inquirerId } = place;
    return (
      [guards, interceptors, pipes].some(
        (creator) =>
          creator.create(
            instance,
            callback,
            moduleKey,
            STATIC_CONTEXT,
            inquirerId,
          ).length > 0,
      ) || this.filtersOf(this.creators, place).length > 0
    );
  }

  /**
   * The handler with guards, interceptors and pipes, and without filters.
   *
   * @param argsKey The metadata key of its parameters.
   */
  handler(
    place: HandlerPlace,
    argsKey?: string,
    paramsFactory?: ParamsFactory,
  ): ContextHandler {
    return this.creator.create(
      place.instance,
      place.callback,
      place.method,
      argsKey,
      paramsFactory,
      place.contextId,
      place.inquirerId,
      {
        guards: true,
        interceptors: true,
        filters: this.creators === undefined,
      },
      this.contextType,
    ) as ContextHandler;
  }

  /**
   * The handler's exception filters: the first that catches the exception
   * decides. Answers undefined when none does, or the one that does returns
   * nothing.
   */
  filter(
    place: HandlerPlace,
  ): ((exception: unknown, host: ArgumentsHost) => unknown) | undefined {
    if (this.creators === undefined) return undefined;
    const filters = this.filtersOf(this.creators, place);
    if (filters.length === 0) return undefined;
    return (exception, host): unknown =>
      selectExceptionFilterMetadata(filters, exception)?.func(exception, host);
  }

  private filtersOf(creators: Creators, place: HandlerPlace): Filters {
    // The handler that Nest makes holds the filters in the order in which they
    // are tried; it is not used itself, because it logs.
    const made = creators.filters.create(
      place.instance,
      place.callback as Parameters<ExternalExceptionFilterContext['create']>[1],
      place.moduleKey,
      place.contextId,
      place.inquirerId,
    ) as unknown as { filters: Filters };
    return made.filters;
  }
}

/** Creators that know no globals: without an ApplicationConfig there are none. */
function localCreators(modules: ModulesContainer): Creators {
  const container = {
    getModules: () => modules,
  } as unknown as ConstructorParameters<typeof GuardsContextCreator>[0];
  return {
    guards: new GuardsContextCreator(container),
    interceptors: new InterceptorsContextCreator(container),
    pipes: new PipesContextCreator(container),
    filters: new ExternalExceptionFilterContext(container),
  };
}

/**
 * What the injected creator was made with. `ApplicationConfig`, which holds the
 * global enhancers, is not injectable; these have it.
 */
function creatorsOf(injected: ExternalContextCreator): Creators | undefined {
  const {
    guardsContextCreator: guards,
    interceptorsContextCreator: interceptors,
    pipesContextCreator: pipes,
    filtersContextCreator: filters,
  } = injected as unknown as Record<string, unknown>;
  return guards instanceof GuardsContextCreator &&
    interceptors instanceof InterceptorsContextCreator &&
    pipes instanceof PipesContextCreator &&
    filters instanceof ExternalExceptionFilterContext
    ? { guards, interceptors, pipes, filters }
    : undefined;
}

type Filters = Parameters<typeof selectExceptionFilterMetadata>[0];

class ContextGuards extends GuardsConsumer {
  constructor(override readonly createContext: MakeContext) {
    super();
  }
}

class ContextInterceptors extends InterceptorsConsumer {
  constructor(override readonly createContext: MakeContext) {
    super();
  }
}

/**
 * An execution context for which `switchToHttp()` gives stand-ins: what was
 * written for HTTP then finds headers where it looks for them, instead of
 * failing.
 */
export class SnorkyContextHost extends ExecutionContextHost {
  constructor(
    args: unknown[],
    classRef: ExecutionContext['getClass'] extends () => infer C ? C : never,
    handler: Callback,
    private readonly http: () => { request: unknown; response: unknown },
  ) {
    super(args, classRef, handler);
  }

  override switchToHttp(): ReturnType<ExecutionContextHost['switchToHttp']> {
    const { request, response } = this.http();
    return {
      getRequest: <T>() => request as T,
      getResponse: <T>() => response as T,
      getNext: <T>() => (() => {}) as T,
    };
  }
}
