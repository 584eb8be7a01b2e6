import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WebSocketServer } from 'ws';
import type { Step } from './runner/case-format.js';
import { expectCase } from './runner/expect-case.js';
import type { Target } from './runner/target.js';

/**
 * A server that does as it is told: the text `say:x` sends x back, `late:x`
 * sends it after 20 ms, `ping:x` pings with the payload x, `close:n` closes,
 * `cut` destroys the connection. Over HTTP, `/hang` never answers.
 */
function obedientServer(): Server {
  const server = createServer((request, response) => {
    if (request.url === '/hang') return;
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const { method, url, headers } = request;
      response.writeHead(url === '/teapot' ? 418 : 200, { 'X-Seen': 'yes' });
      response.end(JSON.stringify({ method, url, body, key: headers.key }));
    });
  });
  const sockets = new WebSocketServer({
    server,
    handleProtocols: (offers) => offers.has('known') && 'known',
  });
  sockets.on('connection', (socket) => {
    socket.on('message', (data) => {
      const [verb, rest = ''] = (data as Buffer).toString().split(/:(.*)/s);
      if (verb === 'say') socket.send(rest);
      if (verb === 'late') setTimeout(() => socket.send(rest), 20);
      if (verb === 'ping') socket.ping(rest);
      if (verb === 'close') socket.close(Number(rest));
      if (verb === 'cut') socket.terminate();
    });
  });
  return server;
}

describe('expectCase', () => {
  const server = obedientServer();
  let target: Target;

  beforeAll(async () => {
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    target = {
      websocket: `ws://127.0.0.1:${port}`,
      backend: `http://127.0.0.1:${port}`,
      key: 'k',
      patience: 150,
    };
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  /** The error that the steps end with, or 'passes'. */
  async function outcome(...steps: Step[]): Promise<string> {
    try {
      await expectCase({ name: 'n', group: 'g', steps }, target);
      return 'passes';
    } catch (error) {
      return (error as Error).message;
    }
  }

  const say = (value: unknown): Step => ({
    client: 'a',
    raw: `say:${JSON.stringify(value)}`,
  });

  it.each<[string, Step[]]>([
    ['a message', [say({ x: 1 }), { client: 'a', expect: { x: '$int' } }]],
    ['its exact text', [say({ x: 1 }), { client: 'a', expectRaw: '{"x":1}' }]],
    ['any order', [say(1), say(2), { client: 'a', expectSet: [2, 1] }]],
    ['skipping', [say(1), say(2), { client: 'a', expectEventually: 2 }]],
    ['silence', [{ client: 'a', expectNothing: 20 }]],
    [
      'long texts',
      [
        { client: 'a', raw: { prefix: 'say:"', unit: 'xy', count: 2 } },
        { client: 'a', expectRaw: '"xyxy' },
      ],
    ],
    [
      'fragments',
      [
        { client: 'a', fragments: ['say', ':', '1'] },
        { client: 'a', expect: 1 },
      ],
    ],
    [
      'binary frames',
      [
        { client: 'a', binaryBase64: Buffer.from('say:1').toString('base64') },
        { client: 'a', expect: 1 },
      ],
    ],
    [
      'captured values',
      [
        say(5),
        { client: 'a', expect: '$int=n' },
        { client: 'b', raw: 'say:[{{n}}]' },
        { client: 'b', expect: ['{{n}}'] },
      ],
    ],
    [
      'pings',
      [
        { client: 'a', raw: 'ping:' },
        { client: 'a', expectPing: 100 },
        { client: 'a', expectNoPing: 20 },
      ],
    ],
    [
      'a close by the server',
      [
        { client: 'a', raw: 'close:4001' },
        { client: 'a', expectClose: { code: 4001 } },
        say(1),
        { client: 'a', expect: 1 },
      ],
    ],
    [
      'a cut',
      [
        { client: 'a', raw: 'cut' },
        { client: 'a', expectClose: { code: 1006 } },
      ],
    ],
    [
      'a close by the client',
      [say(1), { client: 'a', expect: 1 }, { client: 'a', close: true }],
    ],
    [
      'subprotocols',
      [
        {
          client: 'a',
          connect: true,
          subprotocols: ['odd'],
          expectSubprotocol: null,
        },
        {
          client: 'b',
          connect: true,
          subprotocols: ['odd', 'known'],
          expectSubprotocol: 'known',
        },
      ],
    ],
    [
      'requests',
      [
        {
          http: { path: '/x?y', body: [1], headers: { Key: '{{key}}' } },
          status: 200,
          expect: { method: 'POST', url: '/x?y', body: '[1]', key: 'k' },
          expectHeaders: { 'x-SEEN': 'yes', 'X-Other': null },
        },
        { http: { method: 'HEAD', path: '/teapot' }, status: [400, 418] },
        {
          http: { target: 'ws', method: 'GET', headers: {} },
          status: 200,
          expectText: '{"method":"GET","url":"/ws","body":""}',
        },
        { http: { path: '/hang' }, expectHang: 20 },
      ],
    ],
  ])('passes a case that expects %s and gets it', async (_what, steps) => {
    expect(await outcome(...steps)).toBe('passes');
  });

  it.each<[string, Step[], string]>([
    ['another message', [say(1), { client: 'a', expect: 2 }], 'expected 2'],
    ['no message', [{ client: 'a', expect: 1 }], 'no message came'],
    [
      'no JSON',
      [
        { client: 'a', raw: 'say:x' },
        { client: 'a', expect: 'x' },
      ],
      'not JSON: x',
    ],
    ['another text', [say(1), { client: 'a', expectRaw: '1 ' }], 'got 1'],
    ['too few', [say(1), { client: 'a', expectSet: [1, 2] }], 'only [1]'],
    [
      'another set',
      [say(1), say(1), { client: 'a', expectSet: [1, 2] }],
      'got [1,1]',
    ],
    ['never', [say(1), { client: 'a', expectEventually: 2 }], 'only [1]'],
    ['noise', [say(1), { client: 'a', expectNothing: 50 }], 'got 1'],
    [
      'noise a little later',
      [
        { client: 'a', raw: 'late:1' },
        { client: 'a', expectNothing: 100 },
      ],
      'got 1',
    ],
    ['a message too much', [say(1)], 'the end: a got a message nobody'],
    [
      'a message too much before a close',
      [say(1), { sleep: 20 }, { client: 'a', close: true }],
      'the end: a got a message nobody',
    ],
    ['no ping', [{ client: 'a', expectPing: 20 }], 'no ping came'],
    [
      'a ping with a payload',
      [
        { client: 'a', raw: 'ping:x' },
        { client: 'a', expectPing: 100 },
      ],
      'payload x',
    ],
    [
      'a ping too much',
      [
        { client: 'a', raw: 'ping:' },
        { client: 'a', expectNoPing: 100 },
      ],
      'a ping came',
    ],
    [
      'no close',
      [{ client: 'a', expectClose: { code: 1000 } }],
      'the connection stays open',
    ],
    [
      'another close code',
      [
        { client: 'a', raw: 'close:4001' },
        { client: 'a', expectClose: { code: 1006 } },
      ],
      'closed with 4001',
    ],
    [
      'the end of the connection',
      [
        { client: 'a', raw: 'cut' },
        { client: 'a', expect: 1 },
      ],
      'ended with 1006',
    ],
    [
      'another subprotocol',
      [
        {
          client: 'a',
          connect: true,
          subprotocols: ['odd'],
          expectSubprotocol: 'odd',
        },
      ],
      'subprotocol',
    ],
    ['another status', [{ http: {}, status: 404 }], 'expected 404, got 200'],
    [
      'another body',
      [{ http: {}, status: 200, expect: {} }],
      '"method" too much',
    ],
    [
      'another header',
      [{ http: {}, status: 200, expectHeaders: { 'X-Seen': 'no' } }],
      'expected "no", got "yes"',
    ],
    [
      'no response',
      [{ http: { path: '/hang' }, status: 200 }],
      'no response within 150 ms',
    ],
    ['a response', [{ http: {}, expectHang: 50 }], 'answered with 200'],
    [
      'a step nobody knows',
      [{ client: 'a', expectTrouble: 1 } as unknown as Step],
      '0 actions',
    ],
  ])('fails a case that gets %s', async (_what, steps, why) => {
    expect(await outcome(...steps)).toContain(why);
  });

  it('tells the case and the step', async () => {
    expect(await outcome(say(1), { client: 'a', expect: 2 })).toBe(
      'g/n, step 2 of 2 {"client":"a","expect":2}: at $: expected 2, got 1',
    );
  });
});
