import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Param,
  Patch,
  Post,
  Query,
  UsePipes,
  ValidationPipe,
} from '@nestjs/common';
import { Subscribable } from 'snorky';
import { AllTasks } from './all-tasks.dealer.js';
import {
  CreateTask,
  DeleteCompletedTasks,
  TaskId,
  UpdateAllTasks,
  UpdateTask,
} from './task.dto.js';
import type { Task } from './task.entity.js';
import { TasksService } from './tasks.service.js';

@Controller('tasks')
@UsePipes(
  new ValidationPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
  }),
)
export class TasksController {
  constructor(private readonly tasks: TasksService) {}

  @Get()
  @Subscribable(AllTasks)
  findAll(): Promise<Task[]> {
    return this.tasks.findAll();
  }

  @Get(':id')
  findOne(@Param() { id }: TaskId): Promise<Task> {
    return this.tasks.findOne(id);
  }

  @Post()
  create(@Body() task: CreateTask): Promise<Task> {
    return this.tasks.create(task);
  }

  /** Answers with the tasks that it changed. */
  @Patch()
  updateAll(@Body() { completed }: UpdateAllTasks): Promise<Task[]> {
    return this.tasks.updateAll(completed);
  }

  @Patch(':id')
  update(@Param() { id }: TaskId, @Body() changes: UpdateTask): Promise<Task> {
    return this.tasks.update(id, changes);
  }

  @Delete()
  @HttpCode(204)
  async deleteCompleted(@Query() _only: DeleteCompletedTasks): Promise<void> {
    await this.tasks.deleteCompleted();
  }

  @Delete(':id')
  @HttpCode(204)
  async delete(@Param() { id }: TaskId): Promise<void> {
    await this.tasks.delete(id);
  }
}
