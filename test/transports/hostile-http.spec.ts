import { describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { connect } from 'node:net';
import { damagedText } from '../support/hostile/frames.js';
import { Random } from '../../harness/random.js';
import { ServerProcess } from '../support/hostile/server-process.js';

const SEED = 20_261_121;
const REQUESTS = 6000;
const SIDE_BY_SIDE = 8;

/** How long nothing may come back, in milliseconds, before a caller gives up. */
const PATIENCE = 300;

/** What an exchange of bytes with a server gave: statuses, in order. */
async function exchange(
  port: number,
  bytes: Buffer,
  end: 'at once' | 'by reset' | 'when answered',
): Promise<number[]> {
  const tcp = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  tcp.on('error', () => {});
  tcp.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    if (!chunk.includes('100 Continue')) tcp.end();
  });
  const patience = setTimeout(() => tcp.end(), PATIENCE);
  const closed = new Promise((resolve) => tcp.once('close', resolve));
  await once(tcp, 'connect');
  tcp.write(bytes);
  if (end === 'at once') tcp.end();
  if (end === 'by reset') tcp.resetAndDestroy();
  await closed;
  clearTimeout(patience);
  const text = Buffer.concat(chunks).toString('latin1');
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, code]) =>
    Number(code),
  );
}

/** A request with something wrong about its body, its head, or both. */
function hostileRequest(random: Random): Buffer {
  const body = random.chance(0.8)
    ? Buffer.from(damagedText(random))
    : random.bytes(random.below(400));
  const method = random.chance(0.8)
    ? 'POST'
    : random.pick(['GET', 'PUT', 'HEAD', 'OPTIONS', 'TRACE', 'PATCH', 'post']);
  const path = random.chance(0.8)
    ? '/backend'
    : random.pick([
        '/',
        '/backend/',
        '/backend/../backend',
        '//backend',
        '/%62ackend',
        '/backend?x=%zz&__proto__=1',
        'http://elsewhere/backend',
        '*',
      ]);
  const key = random.chance(0.8)
    ? 'swordfish'
    : random.pick(['', 'wrong', 'swordfish, swordfish', '\u00ff\u00fe', ' ']);
  const length = random.chance(0.97)
    ? String(body.length)
    : random.pick(['0', '-1', '1e3', 'NaN', '20000000000', '5, 6', '']);
  const head = [
    `${method} ${path} HTTP/1.1`,
    'Host: localhost',
    `X-Backend-Key: ${key}`,
    'Connection: close',
  ];
  if (random.chance(0.9)) {
    head.push(`Content-Length: ${length}`);
  } else {
    head.push('Transfer-Encoding: chunked');
    const chunked = random.chance(0.5)
      ? `${body.length.toString(16)}\r\n${body.toString('latin1')}\r\n0\r\n\r\n`
      : 'zz\r\nnot a length\r\n';
    return Buffer.from(`${head.join('\r\n')}\r\n\r\n${chunked}`, 'latin1');
  }
  if (random.chance(0.05)) head.push('X-Backend-Key: swordfish');
  if (random.chance(0.05)) head.push(`X-Long: ${'x'.repeat(40_000)}`);
  if (random.chance(0.05)) head.push('No colon here');
  if (random.chance(0.05)) head.push('Expect: 100-continue');
  if (random.chance(0.05))
    head.push('Upgrade: websocket', 'Content-Type: \u0001');
  const request = Buffer.concat([
    Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'),
    body,
  ]);
  if (random.chance(0.05))
    request[random.below(request.length)] = random.below(256);
  return request;
}

const KNOWN = [100, 200, 400, 401, 404, 405, 413, 417, 431, 500, 501, 504];

describe('A backend that is sent 6,000 random and mutated requests', () => {
  it('answers a well-behaved caller all the while, and writes few lines', async () => {
    await using server = await ServerProcess.start({
      backend: { timeout: 100 },
    });
    const random = new Random(SEED);
    const running = { yes: true };
    const url = `http://127.0.0.1:${server.backendPort}/backend`;
    const witness = (async () => {
      let rounds = 0;
      for (; running.yes; rounds++) {
        const call = {
          command: 'sum',
          params: { a: rounds, b: 1 },
          callId: 'w',
        };
        const response = await fetch(url, {
          method: 'POST',
          headers: { 'X-Backend-Key': 'swordfish' },
          body: JSON.stringify({ service: 'calc', message: call }),
        });
        expect(response.status).toBe(200);
        expect(await response.json()).toEqual({
          service: 'calc',
          message: { type: 'response', callId: 'w', data: rounds + 1 },
        });
      }
      return rounds;
    })();
    witness.catch(() => {});

    let left = REQUESTS;
    const statuses = new Map<number, number>();
    await Promise.all(
      Array.from({ length: SIDE_BY_SIDE }, async () => {
        while (left-- > 0) {
          const bytes = hostileRequest(random);
          const cut = random.chance(0.1);
          const got = await exchange(
            server.backendPort,
            cut ? bytes.subarray(0, random.below(bytes.length)) : bytes,
            cut ? random.pick(['at once', 'by reset']) : 'when answered',
          );
          for (const status of got) {
            statuses.set(status, (statuses.get(status) ?? 0) + 1);
          }
        }
      }),
    );
    running.yes = false;
    expect(await witness).toBeGreaterThan(100);
    expect([...statuses.keys()].filter((one) => !KNOWN.includes(one))).toEqual(
      [],
    );
    // Each kind of answer was provoked.
    for (const status of [200, 400, 401, 404, 405, 413, 431, 504]) {
      expect([status, statuses.get(status) ?? 0]).not.toEqual([status, 0]);
    }
    const state = await server.state();
    expect(state.unhandled).toEqual([]);
    expect(state.warnings).toEqual([]);
    expect(state.polluted).toBe(false);
    expect(state.lines).toBeLessThan(300);
    await server.until(({ resources }) => {
      // The keep-alive connections of the caller aside
      return (resources['TCPSocketWrap'] ?? 0) < 10;
    });
  }, 60_000);
});
