import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SnorkyModule } from 'snorky';
import { AnnouncementsModule } from '../announcements/announcements.module.js';
import { database } from './database.js';
import { backendKey, backendPort, host, port } from './environment.js';
import { InvitationModule } from './invitation/invitation.module.js';
import { TasksModule } from './tasks/tasks.module.js';

@Module({
  imports: [
    SnorkyModule.forRoot({
      registries: {
        // There are no accounts: anybody who knows the address has the tasks.
        frontend: { websocket: { path: '/ws', open: true } },
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
    AnnouncementsModule.register({ backendPort }),
    InvitationModule.register({ host, port }),
  ],
})
export class AppModule {}
