import { Logger } from '@nestjs/common';
import type { LogSink } from '../../core/log/log.js';

/** Writes to the logger of the application, whichever it has. */
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
