import { describe, expect, it } from '@jest/globals';
import { Injectable, Scope, UseGuards } from '@nestjs/common';
import * as nest from '@nestjs/common/internal';
import { STATIC_CONTEXT } from '@nestjs/core/internal';
import {
  APP_GUARD,
  ExternalContextCreator,
  ModulesContainer,
} from '@nestjs/core';
import { Test } from '@nestjs/testing';
import * as internals from '../../../src/nest/setup/nest-internals.js';

describe('What is read off the decorators of Nest', () => {
  it('is what Nest itself goes by', () => {
    expect({
      guards: internals.GUARDS_METADATA,
      interceptors: internals.INTERCEPTORS_METADATA,
      pipes: internals.PIPES_METADATA,
      filters: internals.FILTERS_METADATA,
      caught: internals.CATCH_METADATA,
      method: internals.METHOD_METADATA,
      args: internals.ROUTE_ARGS_METADATA,
      params: internals.SELF_DECLARED_DEPS_METADATA,
      properties: internals.PROPERTY_DEPS_METADATA,
      entry: internals.ENTRY_PROVIDER_WATERMARK,
    }).toEqual({
      guards: nest.GUARDS_METADATA,
      interceptors: nest.INTERCEPTORS_METADATA,
      pipes: nest.PIPES_METADATA,
      filters: nest.EXCEPTION_FILTERS_METADATA,
      caught: nest.FILTER_CATCH_EXCEPTIONS,
      method: nest.METHOD_METADATA,
      args: nest.ROUTE_ARGS_METADATA,
      params: nest.SELF_DECLARED_DEPS_METADATA,
      properties: nest.PROPERTY_DEPS_METADATA,
      entry: nest.ENTRY_PROVIDER_WATERMARK,
    });
  });
});

describe('What is looked for in the container', () => {
  @Injectable()
  class Allow {
    canActivate(): boolean {
      return true;
    }
  }

  @Injectable({ scope: Scope.TRANSIENT })
  class Fleeting extends Allow {}

  @Injectable()
  @UseGuards(Fleeting)
  class Subject {}

  it('are the global enhancers, of the application and of its modules', async () => {
    const testing = await Test.createTestingModule({
      providers: [{ provide: APP_GUARD, useClass: Allow }],
    }).compile();
    const app = testing.createNestApplication({ logger: false });
    const own = new Allow();
    app.useGlobalGuards(own);
    await app.init();
    const injected = app.get(ExternalContextCreator);
    const guards = internals.applicationConfigOf(injected).getGlobalGuards();
    expect(guards).toHaveLength(2);
    expect(guards).toContain(own);
    await app.close();
  });

  it('is an instance that is made for one class alone', async () => {
    const testing = await Test.createTestingModule({
      providers: [Subject],
    }).compile();
    const [module] = [...testing.get(ModulesContainer).values()].filter((one) =>
      one.providers.has(Subject),
    );
    const host = module?.providers.get(Subject);
    const guard = module?.injectables.get(Fleeting);
    if (host === undefined || guard === undefined) throw new Error('lost');
    const made = internals.madeFor(guard, host.id);
    expect(made.isResolved).toBe(true);
    expect(made).toBe(guard.getInstanceByContextId(STATIC_CONTEXT, host.id));
    // For nobody that exists, a placeholder.
    expect(internals.madeFor(guard, 'somebody').isResolved).toBe(false);
    await testing.close();
  });
});
