import type {
  CanActivate,
  ExceptionFilter,
  NestInterceptor,
  PipeTransform,
} from '@nestjs/common';
import {
  APP_FILTER,
  APP_GUARD,
  APP_INTERCEPTOR,
  APP_PIPE,
  type ApplicationConfig,
} from '@nestjs/core';
import {
  FILTERS_METADATA,
  GUARDS_METADATA,
  INTERCEPTORS_METADATA,
  PIPES_METADATA,
  type InstanceWrapper,
} from '../setup/nest-internals.js';

/** What Nest may run around a method, by its kind. */
export interface EnhancerTypes {
  readonly guard: CanActivate;
  readonly interceptor: NestInterceptor;
  readonly pipe: PipeTransform;
  readonly filter: ExceptionFilter;
}

/** A kind of enhancer. */
export type EnhancerKind = keyof EnhancerTypes;

/** The properties of a kind. */
interface EnhancerTraits {
  /** The key under which its decorator records it. */
  readonly metadata: string;
  /** The name of its decorator, for error messages. */
  readonly decorator: string;
  /** The name of the method that every enhancer of the kind has. */
  readonly method: string;
  /** The token of providers that are global enhancers. */
  readonly token: string;
  /** The global enhancers that are made once. */
  globals(config: ApplicationConfig): readonly unknown[];
  /** The global enhancers that are made for each request. */
  scopedGlobals(config: ApplicationConfig): readonly InstanceWrapper[];
}

/** All kinds, in the order in which they run. */
export const ENHANCER_KINDS: Readonly<Record<EnhancerKind, EnhancerTraits>> = {
  guard: {
    metadata: GUARDS_METADATA,
    decorator: '@UseGuards',
    method: 'canActivate',
    token: APP_GUARD,
    globals: (config) => config.getGlobalGuards(),
    scopedGlobals: (config) => config.getGlobalRequestGuards(),
  },
  interceptor: {
    metadata: INTERCEPTORS_METADATA,
    decorator: '@UseInterceptors',
    method: 'intercept',
    token: APP_INTERCEPTOR,
    globals: (config) => config.getGlobalInterceptors(),
    scopedGlobals: (config) => config.getGlobalRequestInterceptors(),
  },
  pipe: {
    metadata: PIPES_METADATA,
    decorator: '@UsePipes',
    method: 'transform',
    token: APP_PIPE,
    globals: (config) => config.getGlobalPipes(),
    scopedGlobals: (config) => config.getGlobalRequestPipes(),
  },
  filter: {
    metadata: FILTERS_METADATA,
    decorator: '@UseFilters',
    method: 'catch',
    token: APP_FILTER,
    globals: (config) => config.getGlobalFilters(),
    scopedGlobals: (config) => config.getGlobalRequestFilters(),
  },
};

/** The names of all kinds. */
export const KINDS = Object.keys(ENHANCER_KINDS) as readonly EnhancerKind[];

/** An enhancer's name, as in its decorator. */
export function nameOf(enhancer: unknown): string {
  if (typeof enhancer === 'function') return enhancer.name || 'a class';
  if (typeof enhancer !== 'object' || enhancer === null) {
    return String(enhancer);
  }
  const { name } = enhancer.constructor as { name?: unknown };
  return typeof name === 'string' && name !== 'Object' ? name : 'an object';
}
