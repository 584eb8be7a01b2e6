import { Logger } from '@nestjs/common';
import type { LogSink } from '../../core/log/log.js';

/** Writes to the application's logger, whichever it is. */
export function nestLogSink(context: string): LogSink {
  const logger = new Logger(context);
  return {
    debug: (line) => logger.debug(line),
    debugEnabled: () => Logger.isLevelEnabled('debug'),
    warn: (line) => logger.warn(line),
    error: (line, stack) =>
      stack === undefined ? logger.error(line) : logger.error(line, stack),
  };
}
