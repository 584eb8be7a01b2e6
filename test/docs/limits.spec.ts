import { describe, expect, it } from '@jest/globals';
import { DEFAULT_LOG_RATE } from '../../src/core/log/log.js';
import { DEFAULT_SHUTDOWN_TIMEOUT } from '../../src/nest/options/resolved-options.js';
import { CloseCode } from '../../src/protocol/close-codes.js';
import { FIXED_LIMITS } from '../../src/protocol/limits.js';
import { dataSyncSettings } from '../../src/services/datasync/datasync-options.js';
import { pubSubSettings } from '../../src/services/pubsub/pubsub-options.js';
import { DEFAULT_FILTER_LIMITS } from '../../src/services/datasync/filter/parse.js';
import { BACKEND_DEFAULTS } from '../../src/transports/http/backend-handler.js';
import { WEBHOOK_DEFAULTS } from '../../src/transports/webhook/webhook-options.js';
import { webSocketSettings } from '../../src/transports/websocket/websocket-options.js';
import { tableAfter } from './markdown.js';

const plain = (cell = ''): string => cell.replaceAll('`', '');

/** A number as the pages write it; undefined for what is none. */
function numberOf(cell: string): number | undefined {
  if (cell === 'no limit' || cell === 'none') return Infinity;
  const match = /^([\d,]+)( Mi(?:B)?)?$/.exec(cell);
  if (match === null) return undefined;
  const [, digits = '', unit] = match;
  const factor = unit === undefined ? 1 : 1024 * 1024;
  return Number(digits.replaceAll(',', '')) * factor;
}

/** The limits of a table, and those of its rows that are none. */
async function limitsAfter(
  document: string,
  line: string,
): Promise<{ limits: Record<string, number>; others: string[] }> {
  const limits: Record<string, number> = {};
  const others: string[] = [];
  for (const [name, value] of await tableAfter(document, line)) {
    const number = numberOf(plain(value));
    if (number === undefined) others.push(plain(name));
    else limits[plain(name)] = number;
  }
  return { limits, others };
}

/** `{ log: { age: 1 } }` as `{ 'log.age': 1 }`. */
function flat(settings: object): Record<string, number> {
  return Object.fromEntries(
    Object.entries(settings).flatMap(([name, value]: [string, unknown]) =>
      typeof value === 'number'
        ? [[name, value] as const]
        : Object.entries(value as Record<string, number>).map(
            ([member, number]) => [`${name}.${member}`, number] as const,
          ),
    ),
  );
}

describe("The README's limits", () => {
  it.each<[of: string, line: string, there: object, others: readonly string[]]>(
    [
      [
        'a WebSocket endpoint',
        'Of a WebSocket endpoint',
        webSocketSettings({}),
        ['origins', 'hosts', 'compression'],
      ],
      ['a backend', 'Of a backend', BACKEND_DEFAULTS, []],
      ['a PubSub service', 'Of a PubSub service', pubSubSettings({}), []],
      ['a filter dealer', 'Of a filter dealer', DEFAULT_FILTER_LIMITS, []],
    ],
  )('are those of %s', async (_of, line, there, others) => {
    expect(await limitsAfter('README.md', line)).toEqual({
      limits: there,
      others,
    });
  });

  it('are those of a DataSync service', async () => {
    const settings = flat(dataSyncSettings({}));
    const { 'log.age': age, ...others } = settings;
    expect(await limitsAfter('README.md', 'Of a DataSync service')).toEqual({
      limits: others,
      // It says what it is twice of.
      others: ['log.age'],
    });
    expect(age).toBe(2 * dataSyncSettings({}).tokenTimeout);
  });
});

describe("The protocol's limits", () => {
  it('of HTTP are those of a backend', async () => {
    const rows = await tableAfter('docs/protocol.md', '### 8.3 Limits');
    const documented = rows
      .filter(([, , of]) => of === 'HTTP')
      .map(([name, value]) => [plain(name), Number(value)]);
    expect(Object.fromEntries(documented)).toEqual(BACKEND_DEFAULTS);
  });
});

describe("The reference's limits", () => {
  it.each<[of: string, line: string, there: object]>([
    ['a webhook', '### A webhook', WEBHOOK_DEFAULTS],
    ['the log', '### The log', DEFAULT_LOG_RATE],
    ['nobody: fixed ones', '## Fixed limits', FIXED_LIMITS],
  ])('are those of %s', async (_of, line, there) => {
    const { limits } = await limitsAfter('docs/reference.md', line);
    const { redact: _, ...numbers } = limits;
    expect(numbers).toEqual(there);
  });

  it('have how long an application may shut down', async () => {
    const line = '### `SnorkyModule.forRoot`\n';
    const { limits } = await limitsAfter('docs/reference.md', line);
    expect(limits['shutdownTimeout']).toBe(DEFAULT_SHUTDOWN_TIMEOUT);
  });
});

it("The README's close codes are those that the server uses, and the application's", async () => {
  const rows = await tableAfter('README.md', '## Close codes');
  const documented = rows.map(([code = '']) => code);
  expect(documented).toEqual([
    ...Object.values(CloseCode).map(String),
    '4200-4999',
  ]);
});
