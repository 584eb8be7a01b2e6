import {
  Catch,
  ForbiddenException,
  HttpException,
  UseFilters,
  UseInterceptors,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from '@jest/globals';
import { map } from 'rxjs';
import { RpcCommand, SnorkyModule, SnorkyService } from 'snorky';
import { connectClient } from 'snorky/testing';
import { RecordedLog } from '../../support/servers/log.js';

const textOf = (log: RecordedLog): string =>
  log.lines.map(({ text, stack = '' }) => `${text} ${stack}`).join(' ');

interface Response {
  status(code: number): Response;
  json(body: unknown): Response;
}

/** As written for HTTP: it gives back what Express' response gives back. */
@Catch()
class ReturnsResponse implements ExceptionFilter {
  catch(exception: unknown, host: ArgumentsHost): unknown {
    const status = exception instanceof HttpException ? 403 : 500;
    return host
      .switchToHttp()
      .getResponse<Response>()
      .status(status)
      .json({ status });
  }
}

@Catch()
class ReturnsResponseLater extends ReturnsResponse {
  override async catch(
    exception: unknown,
    host: ArgumentsHost,
  ): Promise<unknown> {
    await Promise.resolve();
    const answer = super.catch.bind(this);
    return answer(exception, host);
  }
}

class Broken implements ExceptionFilter {
  catch(): never {
    throw new Error('the filter broke');
  }
}
Catch()(Broken);

@SnorkyService('failing')
class Failing {
  @RpcCommand()
  forbidden(): never {
    throw new ForbiddenException('Keep out');
  }

  @RpcCommand()
  crash(): never {
    throw new Error('boom');
  }

  @RpcCommand()
  @UseFilters(Broken)
  filtered(): never {
    throw new ForbiddenException('Keep out');
  }

  @RpcCommand()
  @UseInterceptors({
    intercept: (_context, next) =>
      next.handle().pipe(
        map(() => {
          throw new TypeError('no response to write to');
        }),
      ),
  })
  intercepted(): number {
    return 1;
  }
}

describe.each([ReturnsResponse, ReturnsResponseLater])(
  'A global filter that gives back the HTTP response (%p)',
  (useClass) => {
    it('leaves errors what they are', async () => {
      const testing = await Test.createTestingModule({
        imports: [SnorkyModule.forRoot({ registries: { frontend: {} } })],
        providers: [Failing, { provide: APP_FILTER, useClass }],
      }).compile();
      const log = new RecordedLog();
      testing.useLogger(log);
      const app = await testing.init();
      await using client = await connectClient(app);
      await expect(client.call('failing', 'forbidden')).rejects.toThrow(
        'Keep out',
      );
      await expect(client.call('failing', 'crash')).rejects.toThrow(
        'Internal error',
      );
      expect(textOf(log)).toContain('boom');
      await app.close();
    });
  },
);

describe('Failures of enhancers', () => {
  it('are logged with a hint, also those of filters and after the command', async () => {
    const testing = await Test.createTestingModule({
      imports: [SnorkyModule.forRoot({ registries: { frontend: {} } })],
      providers: [Failing],
    }).compile();
    const log = new RecordedLog();
    testing.useLogger(log);
    const app = await testing.init();
    await using client = await connectClient(app);
    await expect(client.call('failing', 'filtered')).rejects.toThrow(
      'Keep out',
    );
    expect(textOf(log)).toContain('An exception filter failed');
    expect(textOf(log)).toContain('the filter broke');
    await expect(client.call('failing', 'intercepted')).rejects.toThrow(
      'Internal error',
    );
    expect(textOf(log)).toContain('An interceptor failed after the command');
    expect(textOf(log)).toContain('context.getType()');
    await app.close();
  });
});
