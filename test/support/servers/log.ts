import type { LoggerService } from '@nestjs/common';

/** One line that was logged. */
export interface LogLine {
  readonly level: 'log' | 'warn' | 'error';
  readonly text: string;
  /** Present for errors that have one. */
  readonly stack?: string;
}

/**
 * A logger that keeps its lines.
 *
 * @example
 * const log = new RecordedLog();
 * await using app = await startApp(metadata, (app) => app.useLogger(log));
 */
export class RecordedLog implements LoggerService {
  readonly lines: LogLine[] = [];

  log(text: unknown): void {
    this.lines.push({ level: 'log', text: String(text) });
  }

  warn(text: unknown): void {
    this.lines.push({ level: 'warn', text: String(text) });
  }

  error(text: unknown, ...rest: unknown[]): void {
    // Nest appends the context; a stack comes before it.
    const [stack] = rest.length > 1 ? rest : [];
    this.lines.push({
      level: 'error',
      text: String(text),
      ...(typeof stack === 'string' ? { stack } : {}),
    });
  }

  /** The lines of a level in which a text occurs. */
  with(level: LogLine['level'], part: string): readonly LogLine[] {
    return this.lines.filter(
      (line) => line.level === level && line.text.includes(part),
    );
  }
}
