import { Module, type DynamicModule } from '@nestjs/common';
import { PubSubModule } from 'snorky';
import { AnnouncementsController } from './announcements.controller.js';
import { AnnouncementsPubSub } from './announcements.pubsub.js';
import {
  ANNOUNCEMENTS_OPTIONS,
  type AnnouncementsOptions,
} from './announcements.options.js';

/** A page of announcements, which only the backend can make. */
@Module({})
export class AnnouncementsModule {
  static register(options: AnnouncementsOptions): DynamicModule {
    return {
      module: AnnouncementsModule,
      imports: [PubSubModule.register({ service: AnnouncementsPubSub })],
      controllers: [AnnouncementsController],
      providers: [{ provide: ANNOUNCEMENTS_OPTIONS, useValue: options }],
    };
  }
}
