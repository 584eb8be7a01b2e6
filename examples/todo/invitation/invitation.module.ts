import { Module, type DynamicModule } from '@nestjs/common';
import {
  INVITATION_OPTIONS,
  InvitationController,
  type InvitationOptions,
} from './invitation.controller.js';

/** Tells the page how a phone can open it too. */
@Module({})
export class InvitationModule {
  static register(options: InvitationOptions): DynamicModule {
    return {
      module: InvitationModule,
      controllers: [InvitationController],
      providers: [{ provide: INVITATION_OPTIONS, useValue: options }],
    };
  }
}
