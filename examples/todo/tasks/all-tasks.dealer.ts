import { BroadcastDealer } from 'snorky';
import type { Task } from './task.entity.js';

/** Everybody hears of every task. */
export class AllTasks extends BroadcastDealer<Task> {
  readonly model = 'Task';
}
