import {
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import { IsNumber, IsString } from 'class-validator';
import { type Observable, tap } from 'rxjs';

/** What the checked command takes, of the Nest gateway and of Snorky. */
export class SumParams {
  @IsNumber() number1!: number;
  @IsNumber() number2!: number;
  @IsString() text!: string;
}

@Injectable()
export class ConnectedGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.switchToWs().getClient<unknown>() !== undefined;
  }
}

@Injectable()
export class CountingInterceptor implements NestInterceptor {
  private calls = 0;

  intercept(
    _context: ExecutionContext,
    next: CallHandler<unknown>,
  ): Observable<unknown> {
    return next.handle().pipe(tap(() => this.calls++));
  }
}
