import type { ContextType, ExecutionContext, Type } from '@nestjs/common';

type Handler = ReturnType<ExecutionContext['getHandler']>;

/** What enhancers can learn about a call. */
export interface ContextSource {
  /** The handler's arguments, before parameters are made of them. */
  readonly args: unknown[];
  readonly classRef: { readonly prototype: object };
  readonly handler: (...args: never[]) => unknown;
  readonly type: ContextType;
  /**
   * A request and response for enhancers written for HTTP. They find headers
   * where they look for them, instead of failing.
   */
  http(): { readonly request: unknown; readonly response: unknown };
}

/** The execution context that enhancers see. */
export class SnorkyExecutionContext implements ExecutionContext {
  constructor(private readonly source: ContextSource) {}

  getType<Type extends string = ContextType>(): Type {
    return this.source.type as Type;
  }

  getClass<T>(): Type<T> {
    return this.source.classRef as Type<T>;
  }

  getHandler(): Handler {
    return this.source.handler as Handler;
  }

  getArgs<T extends unknown[] = unknown[]>(): T {
    return this.source.args as T;
  }

  getArgByIndex<T>(index: number): T {
    return this.source.args[index] as T;
  }

  switchToHttp(): ReturnType<ExecutionContext['switchToHttp']> {
    const { request, response } = this.source.http();
    return {
      getRequest: <T>() => request as T,
      getResponse: <T>() => response as T,
      getNext: <T>() => (() => {}) as T,
    };
  }

  switchToWs(): ReturnType<ExecutionContext['switchToWs']> {
    const { args } = this.source;
    return {
      getClient: <T>() => args[0] as T,
      getData: <T>() => args[1] as T,
      getPattern: () => args.at(-1) as string,
    };
  }

  switchToRpc(): ReturnType<ExecutionContext['switchToRpc']> {
    const { args } = this.source;
    return {
      getData: <T>() => args[0] as T,
      getContext: <T>() => args[1] as T,
    };
  }
}
