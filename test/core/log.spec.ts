import {
  afterEach,
  beforeEach,
  describe,
  expect,
  it,
  jest,
} from '@jest/globals';
import { excerpt, RateLimitedLog, type LogSink } from '../../src/core/log.js';

interface Line {
  readonly level: string;
  readonly text: string;
  readonly stack: string | undefined;
}

function setUp(rate: { lines?: number; window?: number } = {}): {
  log: RateLimitedLog;
  lines: Line[];
} {
  const lines: Line[] = [];
  const sink: LogSink = {
    warn: (text) => lines.push({ level: 'warn', text, stack: undefined }),
    error: (text, stack) => lines.push({ level: 'error', text, stack }),
  };
  return { log: new RateLimitedLog(sink, rate), lines };
}

describe('RateLimitedLog', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('writes so many lines of a kind per window, and counts the rest', () => {
    const { log, lines } = setUp({ lines: 2, window: 1000 });
    for (let i = 0; i < 5; i++) log.warn('a', () => `line ${i}`);
    expect(lines.map(({ text }) => text)).toEqual(['line 0', 'line 1']);
    jest.advanceTimersByTime(999);
    log.warn('a', () => 'still too early');
    expect(lines).toHaveLength(2);
    jest.advanceTimersByTime(1);
    log.warn('a', () => 'again');
    log.warn('a', () => 'and again');
    expect(lines.slice(2).map(({ text }) => text)).toEqual([
      'again (and 4 more like it before)',
      'and again',
    ]);
  });

  it('limits each kind by itself', () => {
    const { log, lines } = setUp({ lines: 1 });
    log.warn('a', () => 'a');
    log.warn('b', () => 'b');
    log.error('c', () => 'c');
    log.error('a', () => 'suppressed');
    expect(lines.map(({ text }) => text)).toEqual(['a', 'b', 'c']);
  });

  it('makes no text for a line that is not written', () => {
    const { log } = setUp({ lines: 1 });
    const line = jest.fn(() => 'text');
    log.warn('a', line);
    log.warn('a', line);
    log.error('a', line, new Error('e'));
    expect(line).toHaveBeenCalledTimes(1);
  });

  it('writes 10 lines in 10 seconds unless told otherwise', () => {
    const { log, lines } = setUp();
    const fill = (): void => {
      for (let i = 0; i < 20; i++) log.warn('a', () => 'line');
    };
    fill();
    expect(lines).toHaveLength(10);
    jest.advanceTimersByTime(9_999);
    fill();
    expect(lines).toHaveLength(10);
    jest.advanceTimersByTime(1);
    fill();
    expect(lines).toHaveLength(20);
  });

  it('shows the stack of an error, and other things in one line', () => {
    const { log, lines } = setUp();
    const error = new Error('broken');
    log.error('a', () => 'Failed', error);
    log.error('a', () => 'Failed', 'a text\nof two lines');
    log.error('a', () => 'Failed', 7);
    log.error('a', () => 'Failed', null);
    log.error('a', () => 'Failed', Object.create(null));
    log.error('a', () => 'Failed');
    expect(lines.map(({ text, stack }) => [text, stack])).toEqual([
      ['Failed', error.stack],
      ['Failed: a text\\nof two lines', undefined],
      ['Failed: 7', undefined],
      ['Failed: null', undefined],
      ['Failed: a object was thrown', undefined],
      ['Failed', undefined],
    ]);
  });
});

describe('excerpt', () => {
  it.each([
    ['plain', 'plain'],
    ['é \u{1f600}', 'é \u{1f600}'],
    ['a\nb\r\nc', 'a\\nb\\r\\nc'],
    ['\u0000\u001b[2J\u007f\u2028', '\\u0000\\u001b[2J\\u007f\\u2028'],
    // A terminal may take U+009B for the beginning of an escape sequence.
    [
      '\u0080\u0085\u009b2J\u009f\u00a0',
      '\\u0080\\u0085\\u009b2J\\u009f\u00a0',
    ],
    ['x'.repeat(100), 'x'.repeat(100)],
    ['x'.repeat(101), `${'x'.repeat(97)}...`],
    ['x'.repeat(1e6), `${'x'.repeat(97)}...`],
    ['\n'.repeat(60), `${'\\n'.repeat(48)}\\...`],
  ])('case %#', (text, shown) => {
    expect(excerpt(text)).toBe(shown);
    expect(excerpt(text).length).toBeLessThanOrEqual(100);
  });
});
