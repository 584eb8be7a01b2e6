import { expect, it } from '@jest/globals';
import { Exclude } from 'class-transformer';
import { BroadcastDealer, SimpleDealer, type JsonObject } from 'snorky';
import { Column, DataSource, Entity, PrimaryGeneratedColumn } from 'typeorm';
import {
  acquire,
  DataSyncApp,
  taken,
} from '../../../support/services/datasync.js';

@Entity()
class Account {
  @PrimaryGeneratedColumn() id!: number;
  @Column('text') name!: string;
  @Column('text') team!: string;
  @Exclude() @Column('text') hash!: string;
}

class AllAccounts extends BroadcastDealer<Account> {
  readonly model = 'Account';
}
class AccountsByTeam extends SimpleDealer<Account> {
  readonly model = 'Account';
  getKeyForModel({ team }: Account): string {
    return team;
  }
}

it('Entities of TypeORM leave without what they exclude, and no row that is gone stays', async () => {
  const source = new DataSource({
    type: 'sqljs',
    entities: [Account],
    synchronize: true,
  });
  await source.initialize();
  const accounts = source.getRepository(Account);
  await using app = await DataSyncApp.start({
    dealers: [AllAccounts, AccountsByTeam],
    models: { Account: { type: Account, key: 'id' } },
  });
  const clients = [await app.connect(), await app.connect()];
  for (const [i, items] of [
    [{ dealer: 'AllAccounts', query: null }],
    [{ dealer: 'AccountsByTeam', query: 'a' }],
  ].entries()) {
    await clients[i]?.call('snorky', 'hello', { features: ['refetch'] });
    await acquire(clients[i] as never, await app.authorize(items));
  }
  const model = 'Account';
  const heard = (): Promise<JsonObject[][]> => Promise.all(clients.map(taken));

  const ann = await accounts.save(
    accounts.create({ name: 'Ann', team: 'a', hash: 'secret' }),
  );
  await app.service.publishDeltas([{ type: 'insert', model, data: ann }]);
  const oldData = { ...ann };
  const newData = await accounts.save({ ...ann, name: 'Anna' });
  await app.service.publishDeltas([
    { type: 'update', model, newData, oldData },
  ]);
  const seen = { id: 1, name: 'Ann', team: 'a' };
  const expected = [
    { delta: { type: 'insert', model, data: seen } },
    {
      delta: {
        type: 'update',
        model,
        newData: { ...seen, name: 'Anna' },
        oldData: seen,
      },
    },
  ];
  for (const messages of await heard()) {
    expect(messages).toMatchObject(expected);
    expect(JSON.stringify(messages)).not.toContain('secret');
  }

  // It takes the id off the entity that it is given.
  const gone = await accounts.findOneByOrFail({ id: 1 });
  await accounts.remove(gone);
  expect(gone.id).toBeUndefined();
  await app.service.publishDeltas([{ type: 'delete', model, data: gone }]);
  for (const messages of await heard()) {
    expect(messages).toMatchObject([{ type: 'refetch' }]);
  }
  await source.destroy();
});
