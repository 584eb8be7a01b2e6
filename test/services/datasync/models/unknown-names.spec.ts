import { describe, expect, it } from '@jest/globals';
import type { JsonValue } from 'snorky';
import {
  DataSyncApp,
  range,
  task,
} from '../../../support/services/datasync.js';

function insert(model: string): JsonValue {
  return { type: 'insert', model, data: { id: 1 } };
}

function ask(app: DataSyncApp, field: string): Promise<string> {
  const query = ['and', ['==', field, 1], ['not', ['>', field, 1]]];
  return app.authorize([{ dealer: 'FilteredTasks', query }]);
}

function lines(app: DataSyncApp, part: string): string[] {
  return app.log.with('warn', part).map(({ text }) => text);
}

describe('A model that no dealer is for', () => {
  it.each([
    ['Taks', '. Did you mean "Task"?'],
    ['task', '. Did you mean "Task"?'],
    ['User', ''],
  ])('is told once: %s', async (model, hint) => {
    await using app = await DataSyncApp.start();
    await app.publish(insert(model), insert(model));
    await app.service.publishDeltas([
      { type: 'insert', model, data: { id: 1n } },
    ]);
    await app.service.invalidate([model]);
    expect(lines(app, 'no dealer')).toEqual([
      `Ignored a delta: no dealer of "datasync" is for model "${model}"${hint}`,
    ]);
  });

  it('is told of so many others, then no more', async () => {
    await using app = await DataSyncApp.start();
    await app.publish(...range(0, 200).map((i) => insert(`Other ${i}`)));
    // What its lines are limited to is another matter.
    expect(lines(app, 'no dealer')).toHaveLength(10);
    await app.service.invalidate(['Takss']);
    expect(lines(app, 'Takss')).toEqual([]);
  });
});

describe('A field of a filter that no row has had', () => {
  it('is told once, with the nearest one', async () => {
    await using app = await DataSyncApp.start();
    await app.publish(task(1, { priority: 1, author: { name: 'ann' } }));
    for (const field of ['pirority', 'pirority', 'autor.name', 'owner', 'n']) {
      await ask(app, field);
    }
    expect(lines(app, 'A filter')).toEqual([
      'A filter is about a field that no row of "Task" has had: "pirority". Did they mean "priority"?',
      'A filter is about a field that no row of "Task" has had: "autor". Did they mean "author"?',
    ]);
  });

  it('is not named where none is near: it may be anything', async () => {
    await using app = await DataSyncApp.start();
    await app.publish(task(1));
    await ask(app, 'hunter2');
    expect(lines(app, 'A filter')).toEqual([
      'A filter is about a field that no row of "Task" has had.',
    ]);
  });

  it('is told when the first row comes, if it was asked for before', async () => {
    await using app = await DataSyncApp.start();
    await ask(app, 'ownr');
    await ask(app, 'owner');
    expect(lines(app, 'A filter')).toEqual([]);
    await app.publish(task(1));
    await app.publish(task(2));
    expect(lines(app, 'A filter')).toEqual([
      'A filter is about a field that no row of "Task" has had: "ownr". Did they mean "owner"?',
    ]);
  });

  it('is told for as long as it is known what rows have', async () => {
    await using app = await DataSyncApp.start();
    const names = range(0, 1001).map((i) => [`field ${i}`, 1]);
    await app.publish(task(1, Object.fromEntries(names)));
    await ask(app, 'ownr');
    expect(lines(app, 'A filter')).toEqual([]);
  });

  it('is told of so many, then no more', async () => {
    await using app = await DataSyncApp.start();
    await app.publish(task(1));
    for (const i of range(0, 150)) await ask(app, `x${i}`);
    await ask(app, 'ownr');
    expect(lines(app, 'ownr')).toEqual([]);
  });
});
