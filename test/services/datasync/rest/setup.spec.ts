import { describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Scope,
  type DynamicModule,
  type Type,
} from '@nestjs/common';
import { Exclude } from 'class-transformer';
import {
  DataSyncModule,
  FilterDealer,
  SnorkyModule,
  Subscribable,
} from 'snorky';
import { startApp, type RunningApp } from '../../../support/servers/app.js';
import { AllTasks, Picky, TasksByProject } from './fixture.js';

class FilteredTasks extends FilterDealer {
  readonly model = 'Task';
}

/** Another one, without a name of its own. */
class UrgentTasks extends FilteredTasks {}

const REGISTRIES = { frontend: { websocket: { path: '/ws' } }, admin: {} };

function start(
  controllers: Type[],
  ...services: readonly DynamicModule[]
): Promise<RunningApp> {
  return startApp({
    imports: [SnorkyModule.forRoot({ registries: REGISTRIES }), ...services],
    controllers,
  });
}

function controllerOf(...decorators: MethodDecorator[]): Type {
  @Controller()
  class Tasks {
    @Get()
    list(): void {}
  }
  const { prototype } = Tasks;
  const descriptor = Object.getOwnPropertyDescriptor(prototype, 'list');
  for (const decorate of decorators) {
    decorate(prototype, 'list', descriptor as PropertyDescriptor);
  }
  return Tasks;
}

const tasks = DataSyncModule.register({
  dealers: [AllTasks, TasksByProject, FilteredTasks, UrgentTasks],
});
const metrics = (registry: string): DynamicModule =>
  DataSyncModule.register({ name: 'metrics', registry, dealers: [AllTasks] });

describe('A subscribable route is checked before it is asked', () => {
  it.each([
    ['TasksByProject', Subscribable(TasksByProject, 'seven')],
    ['TasksByProject', Subscribable('TasksByProject')],
    ['FilteredTasks', Subscribable(FilteredTasks, ['~', 'a', 1])],
    ['UrgentTasks', Subscribable(UrgentTasks, {})],
  ])('for a query that %s refuses', async (dealer, decorator) => {
    await expect(start([controllerOf(decorator)], tasks)).rejects.toMatchObject(
      {
        code: 'SNORKY_SUBSCRIBABLE_QUERY',
        message: expect.stringMatching(
          `^Tasks\\.list\\(\\) subscribes to dealer "${dealer}" `,
        ),
      },
    );
  });

  it('for a filter on a field that does not leave', async () => {
    class Task {
      @Exclude() secret!: string;
    }
    const decorator = Subscribable(FilteredTasks, ['==', 'secret', 1]);
    await expect(
      start(
        [controllerOf(decorator)],
        DataSyncModule.registerAsync({
          dealers: [FilteredTasks],
          models: { Task: { type: Task } },
          useFactory: () => ({}),
        }),
      ),
    ).rejects.toMatchObject({
      code: 'SNORKY_SUBSCRIBABLE_QUERY',
      message: expect.stringContaining('"secret" does not leave the server'),
    });
  });

  it.each([
    ['an order without a part', { orderedBy: ['id'] }],
    ['an order of the whole', { partial: false, orderedBy: ['id'] }],
    ['a part of a kind', { partial: 'yes' }],
    ['an order of nothing', { partial: true, orderedBy: [] }],
    ['an order by one name', { partial: true, orderedBy: 'id' }],
    ['an order by numbers', { partial: true, orderedBy: [1] }],
    ['an order by too much', { partial: true, orderedBy: Array(17).fill('a') }],
  ])('and refused for %s', async (_what, options) => {
    const decorator = Subscribable(AllTasks, null, options as never);
    await expect(start([controllerOf(decorator)], tasks)).rejects.toMatchObject(
      { code: 'SNORKY_SUBSCRIBABLE_PARTIAL' },
    );
  });

  it.each([
    ['a bearer of a kind', { bearer: 'yes' }],
    ['an end in a text', { expiresIn: '1h' }],
    ['an end in no time', { expiresIn: 0 }],
    ['an end before the beginning', { expiresIn: -1 }],
    ['an end at no time', { expiresIn: Number.NaN }],
    ['an end at one time for all', { expiresAt: new Date() }],
    ['two ends', { expiresIn: 1000, expiresAt: () => undefined }],
  ])('and refused for %s', async (_what, options) => {
    const decorator = Subscribable(AllTasks, null, options as never);
    await expect(start([controllerOf(decorator)], tasks)).rejects.toMatchObject(
      { code: 'SNORKY_SUBSCRIBABLE_TOKEN' },
    );
  });

  it.each([
    ['class', Subscribable(Picky)],
    ['name', Subscribable('Picky', ({ params }) => params['id'] ?? null)],
  ])('for a dealer that there is not, by its %s', async (_by, decorator) => {
    await expect(start([controllerOf(decorator)], tasks)).rejects.toMatchObject(
      {
        code: 'SNORKY_SUBSCRIBABLE_DEALER',
        message: expect.stringContaining(
          'dealer "Picky", but service "datasync" has only: AllTasks, ' +
            'TasksByProject, FilteredTasks, UrgentTasks.',
        ),
      },
    );
  });

  it.each([
    ['an unknown name', { service: 'live' }, '"live"'],
    ['a name of two', { service: 'metrics' }, '"metrics"'],
    ['no name', { registry: 'admin' }, '"datasync" of "admin"'],
  ])('for a service by %s', async (_what, options, asked) => {
    const controller = controllerOf(Subscribable(AllTasks, null, options));
    const services = [tasks, metrics('frontend'), metrics('admin')];
    await expect(start([controller], ...services)).rejects.toMatchObject({
      code: 'SNORKY_SUBSCRIBABLE_SERVICE',
      message: expect.stringContaining(
        `with DataSync service ${asked}, by which not exactly one is meant ` +
          'of: "datasync" of "frontend", "metrics" of "frontend", "metrics" ' +
          'of "admin".',
      ),
    });
  });

  it('where each request has its own controller', async () => {
    @Controller({ scope: Scope.REQUEST })
    class Scoped {
      @Get()
      @Subscribable('Nobody')
      list(): void {}
    }
    await expect(start([Scoped], tasks)).rejects.toMatchObject({
      code: 'SNORKY_SUBSCRIBABLE_DEALER',
    });
  });

  it.each([
    ['the only service', Subscribable(AllTasks), [metrics('admin')]],
    [
      'that which is called so',
      Subscribable(AllTasks),
      [metrics('admin'), tasks],
    ],
    [
      'one of two registries',
      Subscribable(AllTasks, null, { service: 'metrics', registry: 'admin' }),
      [metrics('admin'), metrics('frontend')],
    ],
    [
      'a query that is known later',
      Subscribable(TasksByProject, (request) => request.url),
      [tasks],
    ],
  ])('and may mean %s', async (_what, decorator, services) => {
    await using app = await start([controllerOf(decorator)], ...services);
    expect(app.port).toBeGreaterThan(0);
  });
});

// Never called: the compiler judges.
export function typesOfSubscribable(): void {
  interface Authenticated {
    readonly user: { readonly id: number };
  }
  Subscribable('Tasks', (request: Authenticated) => request.user.id);
  Subscribable<Authenticated>((request) => [
    { dealer: 'Tasks', query: request.user.id },
  ]);
  Subscribable(async ({ params: { id = '' } }) => {
    await Promise.resolve();
    return [{ dealer: AllTasks, query: id }];
  });
  // @ts-expect-error A query is JSON.
  Subscribable('Tasks', () => undefined);
  // @ts-expect-error A class of something else is no dealer.
  Subscribable(Date);
  // @ts-expect-error One item is no list.
  Subscribable(() => ({ dealer: 'Tasks', query: null }));
}
