import {
  HttpException,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type INestApplication,
  type NestInterceptor,
  type PipeTransform,
} from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Observable } from 'rxjs';

class SlowlyAllow implements CanActivate {
  async canActivate(_context: ExecutionContext): Promise<boolean> {
    await nextTurn();
    return true;
  }
}

class PassOn implements NestInterceptor {
  intercept(_context: unknown, next: CallHandler): Observable<unknown> {
    return next.handle();
  }
}

class PassThrough implements PipeTransform {
  transform(value: unknown): unknown {
    return value;
  }
}

/** As most global filters are: it knows HTTP only, and so it throws. */
class AnswerByHttp implements ExceptionFilter {
  catch(exception: unknown, host: ArgumentsHost): void {
    const status =
      exception instanceof HttpException ? exception.getStatus() : 500;
    const response = host.switchToHttp().getResponse<ServerResponse>();
    response.writeHead(status).end('{}');
  }
}

/** Gives an application globals that must not change anything on the wire. */
export function useHarmlessGlobals(app: INestApplication): void {
  app.useGlobalGuards(new SlowlyAllow());
  app.useGlobalInterceptors(new PassOn());
  app.useGlobalPipes(new PassThrough());
  app.useGlobalFilters(new AnswerByHttp());
}
