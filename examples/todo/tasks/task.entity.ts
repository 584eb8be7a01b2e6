import { Column, Entity, PrimaryGeneratedColumn, VersionColumn } from 'typeorm';

@Entity('todo_task')
export class Task {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column({ length: 500 })
  title!: string;

  @Column({ default: false })
  completed!: boolean;

  /**
   * The id that a page chooses for a new task, so that sending it twice adds it
   * once.
   */
  @Column({ type: 'varchar', length: 32, nullable: true, unique: true })
  requestId!: string | null;

  /** Grows with each change, so that an older delta never wins. */
  @VersionColumn()
  version!: number;
}
