import {
  afterEach,
  beforeEach,
  describe,
  expect,
  it,
  jest,
} from '@jest/globals';
import { RateLimitedLog, type LogSink } from '../../../src/core/log/log.js';
import { excerpt } from '../../../src/core/log/log-line.js';

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

  it.each([-3_600_000, 3_600_000])(
    'goes by a clock that nobody sets: moved by %d ms',
    (by) => {
      const { log, lines } = setUp({ lines: 1, window: 1000 });
      log.warn('a', () => 'first');
      jest.setSystemTime(Date.now() + by);
      log.warn('a', () => 'still too early');
      expect(lines).toHaveLength(1);
      jest.advanceTimersByTime(1000);
      log.warn('a', () => 'again');
      expect(lines).toHaveLength(2);
    },
  );

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
      ['Failed: an object', undefined],
      ['Failed', undefined],
    ]);
  });
});

describe('A line', () => {
  const long = 'x'.repeat(1e6);

  it('is one line of at most 2 KiB, an error of at most 8', () => {
    const { log, lines } = setUp();
    log.warn('a', () => `a\nb\u001b[2J${long}`);
    log.error('a', () => 'Failed', new Error(`a\n[Nest] b${long}`));
    log.error('a', () => 'Failed', 'é'.repeat(1e6));
    log.error('a', () => `${'\u{1f600}'.repeat(1000)}`);
    log.error('a', () => 'Failed', Object.assign(new Error(), { stack: long }));
    const caused = new Error(long, { cause: new Error(long) });
    (caused.cause as Error).cause = caused;
    log.error('a', () => 'Failed', caused);
    for (const { text, stack = 'Error' } of lines) {
      expect(text).not.toMatch(/[\n\u001b]/);
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(2048);
      expect(Buffer.byteLength(stack)).toBeLessThanOrEqual(8192);
      for (const line of stack.split('\n')) {
        expect(line).toMatch(/^( {2,}|Error|x+\.\.\.)/);
        expect(Buffer.byteLength(line)).toBeLessThanOrEqual(2200);
      }
    }
    expect(lines[0]?.text).toMatch(/^a\\nb\\u001b\[2Jx+\.\.\.$/);
    expect(lines[3]?.text).toMatch(/^\u{1f600}+\.\.\.$/u);
  });

  it('has the frames of a stack, and of its causes, but no lines of anybody', () => {
    const { log, lines } = setUp();
    const cause = new TypeError('the cause\nforged');
    log.error('a', () => 'Failed', new Error('first\nforged', { cause }));
    const [first, ...rest] = lines[0]?.stack?.split('\n') ?? [];
    expect(first).toBe('Error: first\\nforged');
    expect(rest.join('\n')).toContain(
      '  caused by TypeError: the cause\\nforged',
    );
    for (const line of rest) expect(line).toMatch(/^ +at |^ {2}caused by /);
  });

  it('shows no object that was thrown, nor one that is a cause', () => {
    const { log, lines } = setUp();
    const params = ['canary'];
    log.error('a', () => 'Failed', params);
    log.error('a', () => 'Failed', { toString: () => 'canary' });
    log.error('a', () => 'Failed', new Error('x', { cause: params }));
    log.error('a', () => 'Failed', new Error('x', { cause: 'canary' }));
    for (const { text, stack } of lines) {
      expect(text + String(stack)).not.toContain('canary');
    }
  });

  it('is left out when it cannot be made or written, and so is nothing else', async () => {
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    const hostile: unknown[] = [
      revoked.proxy,
      new Proxy(new Error(), {
        get() {
          throw new Error('hostile');
        },
      }),
      Object.defineProperty(new Error(), 'stack', {
        get() {
          throw new Error('hostile');
        },
      }),
      Object.assign(new Error(), { stack: Symbol('s') }),
      Symbol('s'),
      Object.create(null),
    ];
    const { log, lines } = setUp({ lines: 100 });
    for (const thrown of hostile) {
      expect(() => log.error('a', () => 'Failed', thrown)).not.toThrow();
    }
    expect(lines).toHaveLength(hostile.length);
    const fails = (): never => {
      throw new Error('the sink');
    };
    const rejects = (): void => {
      return Promise.reject(new Error('the sink')) as unknown as void;
    };
    for (const write of [fails, rejects]) {
      const broken = new RateLimitedLog({
        debug: write,
        debugEnabled: write === fails ? fails : () => true,
        warn: write,
        error: write,
      });
      expect(() => {
        broken.debug('a', () => 'a');
        broken.warn(
          'a',
          () => 'a',
          () => 'b',
        );
        broken.error(
          'a',
          () => 'a',
          new Error(),
          () => 'b',
        );
        broken.warn('b', fails);
      }).not.toThrow();
    }
    jest.useRealTimers();
    await new Promise(setImmediate);
  });

  it('of level debug is not made while that is off', () => {
    const detail = jest.fn(() => 'detail');
    const debug = jest.fn();
    let enabled = false;
    const log = new RateLimitedLog({
      debug,
      debugEnabled: () => enabled,
      warn: () => {},
      error: () => {},
    });
    const all = (): void => {
      log.debug('a', detail);
      log.warn('b', () => 'b', detail);
      log.error('c', () => 'c', undefined, detail);
    };
    all();
    expect(detail).not.toHaveBeenCalled();
    enabled = true;
    all();
    expect(debug.mock.calls).toEqual([['detail'], ['detail'], ['detail']]);
  });

  it.each([{ lines: 0 }, { window: Number.NaN }, { lines: '1' as never }])(
    'is limited by numbers: %j is refused',
    (options) => {
      expect(() => setUp(options)).toThrow('must be a number from 1 up');
    },
  );
});

describe('excerpt', () => {
  it.each([
    ['plain', 'plain'],
    ['é \u{1f600}', 'é \u{1f600}'],
    ['a\nb\r\nc', 'a\\nb\\r\\nc'],
    ['\u0000\u001b[2J\u007f\u2028', '\\u0000\\u001b[2J\\u007f\\u2028'],
    // A text that turns around, and one that is not there, for readers.
    ['a\u202eb\u2066c\u061c', 'a\\u202eb\\u2066c\\u061c'],
    ['\u200b\u200d\ufeff\u00ad\u2060', '\\u200b\\u200d\\ufeff\\u00ad\\u2060'],
    ['\u{e0041}', '\\u{e0041}'],
    ['\u05d0 \u{1f600} \u00e9', '\u05d0 \u{1f600} \u00e9'],
    // A terminal may take U+009B for the beginning of an escape sequence.
    [
      '\u0080\u0085\u009b2J\u009f\u00a0',
      '\\u0080\\u0085\\u009b2J\\u009f\u00a0',
    ],
    ['x'.repeat(100), 'x'.repeat(100)],
    ['x'.repeat(101), `${'x'.repeat(97)}...`],
    ['x'.repeat(1e6), `${'x'.repeat(97)}...`],
    ['\n'.repeat(60), `${'\\n'.repeat(48)}\\...`],
  ])('shows a text as in row %#', (text, shown) => {
    expect(excerpt(text)).toBe(shown);
    expect(excerpt(text).length).toBeLessThanOrEqual(100);
  });
});
