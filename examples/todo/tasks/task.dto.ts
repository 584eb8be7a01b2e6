import { Transform, Type } from 'class-transformer';
import {
  Equals,
  IsBoolean,
  IsInt,
  IsString,
  Length,
  Matches,
  Max,
  Min,
  ValidateIf,
} from 'class-validator';

/** Like `IsOptional`, which would let `null` pass. */
const IfGiven = (): PropertyDecorator =>
  ValidateIf((_object, value) => value !== undefined);

const Trim = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' ? value.trim() : value,
  );

export class TaskId {
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(2 ** 31 - 1)
  id!: number;
}

export class CreateTask {
  @Trim()
  @IsString()
  @Length(1, 500)
  // Neither line breaks nor what PostgreSQL refuses to store.
  @Matches(/^[^\p{Cc}\p{Cs}]*$/u, {
    message: 'title must not contain control characters',
  })
  title!: string;

  @IfGiven()
  @IsBoolean()
  completed?: boolean;

  @IfGiven()
  @Matches(/^[\da-f]{32}$/, {
    message: 'requestId must be 32 hexadecimal digits',
  })
  requestId?: string;
}

export class UpdateTask {
  @IfGiven()
  @Trim()
  @IsString()
  @Length(1, 500)
  @Matches(/^[^\p{Cc}\p{Cs}]*$/u, {
    message: 'title must not contain control characters',
  })
  title?: string;

  @IfGiven()
  @IsBoolean()
  completed?: boolean;
}

export class UpdateAllTasks {
  @IsBoolean()
  completed!: boolean;
}

export class DeleteCompletedTasks {
  @Equals('true', { message: 'completed must be true' })
  completed!: string;
}
