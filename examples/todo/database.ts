import type {
  TypeOrmModuleAsyncOptions,
  TypeOrmModuleOptions,
} from '@nestjs/typeorm';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { DatabaseError, DataFile, reasonOf } from './data-file.js';
import { dataFile, databaseUrl } from './environment.js';

/**
 * Milliseconds. Changes wait for each other, so none may wait for ever for a
 * lock that somebody holds, or for a connection.
 */
const PATIENCE = { statement_timeout: 5_000, connectionTimeoutMillis: 5_000 };

/** PostgreSQL if there is a `DATABASE_URL`, else SQLite within this process. */
export const database: TypeOrmModuleAsyncOptions = {
  useFactory: (): TypeOrmModuleOptions => ({
    ...(databaseUrl === undefined
      ? { type: 'sqljs' }
      : { type: 'postgres', url: databaseUrl, extra: PATIENCE }),
    autoLoadEntities: true,
    // Makes the start fail at once, instead of after half a minute.
    toRetry: () => false,
  }),
  dataSourceFactory: (options) => {
    if (options?.type === 'sqljs') return openFile(options);
    if (options?.type === 'postgres') return connect(options);
    throw new TypeError(`There is no way to open "${options?.type}"`);
  },
};

/**
 * SQLite keeps everything in memory; each commit waits until the file has it
 * too.
 */
async function openFile(
  options: Extract<DataSourceOptions, { type: 'sqljs' }>,
): Promise<DataSource> {
  const file = await DataFile.open(dataFile);
  const source: DataSource = new DataSource({
    ...options,
    ...(file.content === undefined ? {} : { database: file.content }),
    autoSave: true,
    autoSaveCallback: async (content: Uint8Array) => {
      try {
        await file.write(content);
      } catch (error) {
        // A change that could not be saved must not stay committed in memory.
        await source.sqljsManager.loadDatabase(file.content ?? content);
        throw error;
      }
    },
  });
  try {
    await source.initialize();
    const [check] = await source.query<{ quick_check: string }[]>(
      'PRAGMA quick_check(1)',
    );
    if (check?.quick_check !== 'ok') throw new Error('it is damaged');
    return await createTables(source);
  } catch (error) {
    if (error instanceof DatabaseError) throw error;
    throw new DatabaseError(
      `The data file ${dataFile} cannot be used (${reasonOf(error)}): move it away to begin with an empty one, or set DATA_FILE to another.`,
    );
  }
}

async function connect(options: DataSourceOptions): Promise<DataSource> {
  try {
    return await createTables(await new DataSource(options).initialize());
  } catch (error) {
    throw new DatabaseError(
      `The database of DATABASE_URL cannot be used (${reasonOf(error)}): correct it, or unset it to keep the tasks in a file.`,
    );
  }
}

/** A grown application would run migrations instead. */
async function createTables(source: DataSource): Promise<DataSource> {
  await source.synchronize();
  return source;
}
