import { describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { refuseTooLarge } from '../../../src/transports/http/json-answer.js';
import { readBody } from '../../../src/transports/http/read-body.js';

const LIMIT = 10;

/** A server that reads one body, and the socket of whoever sends it. */
async function open(): Promise<
  AsyncDisposable & {
    readonly socket: Socket;
    readonly body: Promise<unknown>;
    head(headers: string): void;
  }
> {
  const server: Server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const body = once(server, 'request').then(([request]) =>
    readBody(request as IncomingMessage, LIMIT),
  );
  return {
    socket,
    body,
    head: (headers) =>
      socket.write(`POST / HTTP/1.1\r\nHost: x\r\n${headers}\r\n\r\n`),
    [Symbol.asyncDispose]: async () => {
      socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const CHUNKED = 'Transfer-Encoding: chunked';

describe('A body', () => {
  it.each([
    ['in one piece', ['1234567890']],
    ['in pieces', ['12345', '67890']],
    ['of letters in pieces', ['é'.repeat(5)]],
    ['that is empty', []],
  ])('is read as text: %s', async (_what, pieces) => {
    await using sent = await open();
    sent.head(CHUNKED);
    for (const piece of pieces) {
      const size = Buffer.byteLength(piece).toString(16);
      sent.socket.write(`${size}\r\n${piece}\r\n`);
    }
    sent.socket.write('0\r\n\r\n');
    expect(await sent.body).toEqual({ text: pieces.join('') });
  });

  it('is not read where it says that it is too large', async () => {
    await using sent = await open();
    sent.head(`Content-Length: ${LIMIT + 1}`);
    expect(await sent.body).toBe('tooLarge');
  });

  it('is too large at the first byte beyond, whatever it says', async () => {
    await using sent = await open();
    sent.head(CHUNKED);
    sent.socket.write('a\r\n1234567890\r\n');
    sent.socket.write('1\r\n1\r\n');
    expect(await sent.body).toBe('tooLarge');
  });

  it('is no text where it is no UTF-8', async () => {
    await using sent = await open();
    sent.head('Content-Length: 2');
    sent.socket.write(Buffer.from([0xc3, 0x28]));
    expect(await sent.body).toBe('notUtf8');
  });

  it('has ended early where its connection has', async () => {
    await using sent = await open();
    sent.head('Content-Length: 5');
    sent.socket.end('12');
    expect(await sent.body).toBe('aborted');
  });
});

describe('The answer to a body that is too large', () => {
  it('is whole before the rest has come, and ends the connection after it', async () => {
    const server = createServer((request, response) =>
      refuseTooLarge(request, response),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    let answer = '';
    socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n12');
    while (!answer.endsWith('}')) await once(socket, 'data');
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toMatch(/\r\nConnection: close\r\n/);
    const text = '{"statusCode":413,"message":"The body is too large"}';
    expect(answer).toContain(`Content-Length: ${text.length}`);
    expect(answer.endsWith(text)).toBe(true);
    const ended = once(socket, 'end');
    const began = performance.now();
    socket.write('x'.repeat(18));
    await ended;
    // Not only when it is no longer read.
    expect(performance.now() - began).toBeLessThan(1900);
    socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
});
