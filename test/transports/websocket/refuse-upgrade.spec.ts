import {
  afterEach,
  beforeEach,
  describe,
  expect,
  it,
  jest,
} from '@jest/globals';
import { Duplex } from 'node:stream';
import { UpgradeRefused } from '../../../src/core/admission/upgrade-refused.js';
import { refuseUpgrade } from '../../../src/transports/websocket/refuse-upgrade.js';

/** A connection of which the peer takes nothing before `taken` is called. */
class Connection extends Duplex {
  written = '';
  taken: (() => void) | undefined;

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written += String(chunk);
    this.taken = done;
  }
}

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate'] });
});

afterEach(() => {
  jest.useRealTimers();
});

const turn = (): Promise<void> =>
  new Promise((resolve) => setImmediate(resolve));

describe('The refusal of an upgrade', () => {
  it('is a whole answer, after which the connection is closed', async () => {
    const socket = new Connection();
    refuseUpgrade(socket, new UpgradeRefused(401, 'Who are you? é'));
    const [head, body] = socket.written.split('\r\n\r\n') as [string, string];
    const [status, ...headers] = head.split('\r\n');
    expect(status).toBe('HTTP/1.1 401 Unauthorized');
    expect(headers).toEqual([
      'Connection: close',
      'Content-Type: application/json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
    ]);
    expect(body).toContain('Who are you? é');
    expect(socket.destroyed).toBe(false);
    socket.taken?.();
    await turn();
    await turn();
    expect(socket.destroyed).toBe(true);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('has a name for a status that nobody knows', () => {
    const socket = new Connection();
    refuseUpgrade(socket, new UpgradeRefused(499, 'No'));
    expect(socket.written).toMatch(/^HTTP\/1\.1 499 Refused\r\n/);
    socket.destroy();
  });

  it('has the headers of the application, but none that say where it ends', () => {
    const socket = new Connection();
    refuseUpgrade(
      socket,
      new UpgradeRefused(429, 'Later', {
        'Retry-After': '5',
        'Set-Cookie': ['a=1', 'b=2'],
        'X-None': undefined,
        Connection: 'keep-alive',
        'content-type': 'text/html',
        'Content-Length': '1',
        'Transfer-Encoding': 'chunked',
      } as unknown as Record<string, string>),
    );
    const [head] = socket.written.split('\r\n\r\n') as [string];
    const lines = head.split('\r\n').slice(1);
    expect(lines.slice(0, 3)).toEqual([
      'Retry-After: 5',
      'Set-Cookie: a=1',
      'Set-Cookie: b=2',
    ]);
    expect(lines).toHaveLength(6);
    expect(head).not.toMatch(/keep-alive|text\/html|chunked|X-None/);
    socket.destroy();
  });

  it('waits two seconds for a peer that does not read it', async () => {
    const socket = new Connection();
    refuseUpgrade(socket, new UpgradeRefused(403, 'No'));
    jest.advanceTimersByTime(1999);
    await turn();
    expect(socket.destroyed).toBe(false);
    jest.advanceTimersByTime(1);
    expect(socket.destroyed).toBe(true);
  });

  it('is not written to who has gone, or can hear nothing', async () => {
    const gone = new Connection();
    gone.destroy();
    const deaf = new Connection();
    deaf.end();
    await turn();
    for (const socket of [gone, deaf]) {
      refuseUpgrade(socket, new UpgradeRefused(403, 'No'));
      expect(socket.destroyed).toBe(true);
      expect(socket.written).toBe('');
    }
    expect(jest.getTimerCount()).toBe(0);
  });
});
