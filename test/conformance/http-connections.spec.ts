import { once } from 'node:events';
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../src/protocol/json.js';
import { exchange, type HttpAnswer } from './runner/http-exchange.js';
import { startFixture, type RunningFixture } from './start-fixture.js';

/** What the steps of wire cases cannot express. */
describe('connections to the backend', () => {
  const agent = new Agent({ keepAlive: true });
  let fixture: RunningFixture;

  beforeAll(async () => {
    fixture = await startFixture();
  });

  afterAll(() => {
    agent.destroy();
    return fixture.stop();
  });

  function call(
    service: string,
    command: string,
    params: JsonObject,
  ): Promise<HttpAnswer | undefined> {
    const body = { service, message: { command, params } };
    const options = { agent, milliseconds: 2_000 };
    return exchange({ body }, fixture.target, new Map(), options);
  }

  /** Sends text over a connection of its own and collects what comes back. */
  async function speak(text: string, until: RegExp): Promise<string> {
    const { hostname, port } = new URL(fixture.target.backend);
    const socket = connect({ host: hostname, port: Number(port) });
    await once(socket, 'connect');
    socket.write(text);
    let heard = '';
    socket.setTimeout(2_000, () => socket.destroy());
    for await (const chunk of socket) {
      heard += String(chunk);
      if (until.test(heard)) break;
    }
    socket.destroy();
    return heard;
  }

  it('are kept alive', async () => {
    const sockets = new Set<unknown>();
    agent.on('free', (socket) => sockets.add(socket));
    await call('calc', 'nothing', {});
    await call('calc', 'nope', {});
    await call('calc', 'crash', {});

    expect(sockets.size).toBe(1);
  });

  it('do not wait for each other', async () => {
    const order: string[] = [];
    const slow = call('async', 'delayed', { value: 1, ms: 150 });
    const calls = [
      slow.then(() => order.push('slow')),
      call('calc', 'nothing', {}).then(() => order.push('quick')),
    ];
    await Promise.all(calls);

    expect(order).toEqual(['quick', 'slow']);
  });

  it('refuse a body of 200 MB by its announcement', async () => {
    const heard = await speak(
      'POST /backend HTTP/1.1\r\nHost: x\r\nX-Backend-Key: swordfish\r\n' +
        'Content-Length: 200000000\r\n\r\n{',
      /\r\n\r\n/,
    );

    expect(heard).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('refuse a wrong key before the body has come', async () => {
    const heard = await speak(
      'POST /backend HTTP/1.1\r\nHost: x\r\nX-Backend-Key: wrong\r\n' +
        'Content-Length: 20\r\n\r\n',
      /\r\n\r\n/,
    );

    expect(heard).toMatch(/^HTTP\/1\.1 401 /);
  });

  it('are answered when the envelope comes byte by byte', async () => {
    const body = '{"service":"echo","message":"ñ"}';
    const chunks = [...Buffer.from(body)]
      .map((byte) => `1\r\n${String.fromCharCode(byte)}\r\n`)
      .join('');
    const { hostname, port } = new URL(fixture.target.backend);
    const socket = connect({ host: hostname, port: Number(port) });
    socket.write(
      'POST /backend HTTP/1.1\r\nHost: x\r\nX-Backend-Key: swordfish\r\n' +
        'Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    socket.write(Buffer.from(`${chunks}0\r\n\r\n`, 'latin1'));
    let heard = '';
    socket.setEncoding('utf8');
    for await (const chunk of socket) heard += String(chunk);

    expect(heard).toMatch(/^HTTP\/1\.1 200 /);
    expect(heard).toContain(body);
  });
});
