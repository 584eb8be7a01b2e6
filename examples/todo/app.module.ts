import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SnorkyModule } from 'snorky';
import { AnnouncementsModule } from '../announcements/announcements.module.js';
import { database } from './database.js';
import { backendKey, backendPort } from './environment.js';
import { TasksModule } from './tasks/tasks.module.js';

@Module({
  imports: [
    SnorkyModule.forRoot({
      registries: {
        frontend: { websocket: { path: '/ws' } },
        backend: {
          http: {
            path: '/backend',
            key: backendKey,
            listen: { port: backendPort, host: '127.0.0.1' },
          },
        },
      },
    }),
    TypeOrmModule.forRootAsync(database),
    TasksModule,
    AnnouncementsModule.register({
      backendPort,
      // A key of one's own is a secret: the page then names the variable.
      shownKey:
        process.env.BACKEND_KEY === undefined ? backendKey : '$BACKEND_KEY',
    }),
  ],
})
export class AppModule {}
