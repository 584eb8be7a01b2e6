import {
  Controller,
  Get,
  Inject,
  Injectable,
  NotFoundException,
  Query,
} from '@nestjs/common';
import {
  BroadcastDealer,
  DataSyncModule,
  DataSyncService,
  SimpleDealer,
  SnorkyModule,
  Subscribable,
  type Delta,
  type JsonValue,
  type SubscribableRequest,
} from 'snorky';
import {
  startApp,
  type Platform,
  type RunningApp,
} from '../../support/servers/app.js';

export interface Entry {
  readonly id: number;
  readonly project: number;
  /** Few values, so that there are ties. */
  readonly createdAt: number;
  readonly title: string;
}

class AllEntries extends BroadcastDealer<Entry> {
  readonly model = 'Entry';
}

class EntriesByProject extends SimpleDealer<Entry> {
  readonly model = 'Entry';
  getKeyForModel({ project }: Entry): JsonValue {
    return project;
  }
}

type Order = (left: Entry, right: Entry) => number;
const newestFirst: Order = (left, right) =>
  right.createdAt - left.createdAt || left.id - right.id;
const byTitle: Order = (left, right) =>
  left.title.localeCompare(right.title) || left.id - right.id;

/** A table, and the queries that answer a part of it. */
@Injectable()
export class Entries {
  readonly rows = new Map<number, Entry>();
  /** How often a part was read. */
  fetched = 0;

  constructor(
    @Inject(DataSyncService) private readonly datasync: DataSyncService,
  ) {}

  part(order: Order, offset = 0, limit = 3): Entry[] {
    return [...this.rows.values()]
      .filter(({ project }) => project === 1)
      .sort(order)
      .slice(offset, offset + limit);
  }

  /** Told as an insert, whether the row was there or not. */
  upsert(row: Entry): void {
    this.rows.set(row.id, row);
    void this.datasync.publishDeltas([
      { type: 'insert', model: 'Entry', data: row },
    ]);
  }

  /** One transaction: undefined deletes. */
  change(changes: readonly (readonly [number, Entry | undefined])[]): void {
    const deltas = changes.flatMap(([id, newData]): Delta<Entry>[] => {
      const oldData = this.rows.get(id);
      if (newData !== undefined) this.rows.set(id, newData);
      else this.rows.delete(id);
      const model = 'Entry';
      if (newData === undefined) {
        return oldData ? [{ type: 'delete', model, data: oldData }] : [];
      }
      return oldData
        ? [{ type: 'update', model, newData, oldData }]
        : [{ type: 'insert', model, data: newData }];
    });
    void this.datasync.publishDeltas(deltas);
  }
}

@Controller('parts')
class PartsController {
  constructor(@Inject(Entries) private readonly entries: Entries) {}

  /** The dealer knows which rows there are, the route their order. */
  @Get('known')
  @Subscribable(EntriesByProject, 1, {
    partial: true,
    orderedBy: ['createdAt', 'id'],
  })
  known(@Query('offset') offset?: string): Entry[] {
    return this.read(newestFirst, offset);
  }

  /** The route filters, too. */
  @Get('filtered')
  @Subscribable(AllEntries, null, {
    partial: true,
    orderedBy: ['project', 'createdAt', 'id'],
  })
  filtered(@Query('offset') offset?: string): Entry[] {
    return this.read(newestFirst, offset);
  }

  @Get('unknown')
  @Subscribable(AllEntries, null, { partial: true })
  unknown(@Query('offset') offset?: string): Entry[] {
    return this.read(byTitle, offset);
  }

  @Get('asked')
  @Subscribable(AllEntries, null, {
    partial: true,
    orderedBy: ({ query }: SubscribableRequest) => [
      'project',
      query['sort'] as string,
      'id',
    ],
  })
  asked(
    @Query('sort') sort: string,
    @Query('offset') offset?: string,
  ): Entry[] {
    return this.read(sort === 'title' ? byTitle : newestFirst, offset);
  }

  @Get('newest')
  @Subscribable(EntriesByProject, 1, {
    partial: true,
    orderedBy: ['createdAt', 'id'],
  })
  newest(): Entry {
    const [entry] = this.read(newestFirst);
    if (entry === undefined) throw new NotFoundException();
    return entry;
  }

  private read(order: Order, offset = '0'): Entry[] {
    this.entries.fetched++;
    return this.entries.part(order, Number(offset));
  }
}

/** An application with routes that answer parts of a table. */
export interface PartsApp extends RunningApp {
  readonly entries: Entries;
}

export async function startPartsApp(
  platform: Platform = 'express',
): Promise<PartsApp> {
  const running = await startApp(
    {
      imports: [
        SnorkyModule.forRoot({
          registries: { frontend: { websocket: { path: '/ws' } } },
        }),
        DataSyncModule.register({ dealers: [AllEntries, EntriesByProject] }),
      ],
      controllers: [PartsController],
      providers: [Entries],
    },
    (app) => app.enableCors(),
    platform,
  );
  return { ...running, entries: running.app.get(Entries) };
}
