import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSyncModule } from 'snorky';
import { AllTasks } from './all-tasks.dealer.js';
import { Task } from './task.entity.js';
import { TasksController } from './tasks.controller.js';
import { TasksService } from './tasks.service.js';

@Module({
  imports: [
    TypeOrmModule.forFeature([Task]),
    DataSyncModule.register({ dealers: [AllTasks] }),
  ],
  controllers: [TasksController],
  providers: [TasksService],
})
export class TasksModule {}
