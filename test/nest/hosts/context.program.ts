import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { PubSubModule, PubSubService, SnorkyModule } from 'snorky';

/** A command of a shell: it publishes, does not close anything, and ends. */
@Module({
  imports: [
    SnorkyModule.forRoot({
      registries: {
        frontend: { websocket: { path: '/ws' } },
        backend: {
          http: { path: '/backend', key: 'k', listen: { port: 0 } },
        },
      },
    }),
    PubSubModule.register(),
  ],
})
class Program {}

const app = await NestFactory.createApplicationContext(Program);
await app.get(PubSubService).broadcast('news', 'Hi');
