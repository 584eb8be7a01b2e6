import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RawSocket } from './runner/raw-socket.js';
import { startFixture, type RunningFixture } from './start-fixture.js';

const CONTINUATION = 0;
const TEXT = 1;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

/** What the steps of wire cases cannot express. */
describe('frames', () => {
  let fixture: RunningFixture;
  let socket: RawSocket;

  beforeAll(async () => {
    fixture = await startFixture();
  });

  afterAll(() => fixture.stop());

  async function withSocket(
    test: () => Promise<void>,
    path = '/ws',
  ): Promise<void> {
    socket = await RawSocket.open(fixture.target.websocket, path);
    try {
      await test();
    } finally {
      socket.destroy();
    }
  }

  const echo = (message: string): string =>
    JSON.stringify({ service: 'echo', message });

  it('carry one message each, as unmasked text', () =>
    withSocket(async () => {
      socket.send(TEXT, echo('ñ'));

      expect(await socket.frame()).toEqual({
        fin: true,
        opcode: TEXT,
        masked: false,
        payload: Buffer.from(echo('ñ')),
      });
    }));

  it('answer a ping with its payload', () =>
    withSocket(async () => {
      socket.send(PING, 'payload');

      expect(await socket.frame()).toMatchObject({
        opcode: PONG,
        payload: Buffer.from('payload'),
      });
    }));

  it('may be pings between the fragments of a message', () =>
    withSocket(async () => {
      const bytes = Buffer.from(echo('ñ'));
      const inside = bytes.indexOf('ñ') + 1;
      socket.send(TEXT, bytes.subarray(0, inside), { fin: false });
      socket.send(PING, '');
      socket.send(CONTINUATION, bytes.subarray(inside));

      expect(await socket.frame()).toMatchObject({ opcode: PONG });
      expect(await socket.frame()).toMatchObject({
        opcode: TEXT,
        payload: bytes,
      });
    }));

  it('that are no UTF-8 text end the connection without a close frame', () =>
    withSocket(async () => {
      socket.send(TEXT, Buffer.from([0x22, 0xff, 0x22]));

      expect(await socket.frame()).toBeUndefined();
      expect(await socket.ends()).toBe(true);
    }));

  it('that are not masked are refused', () =>
    withSocket(async () => {
      socket.send(TEXT, echo('x'), { masked: false });

      const frame = await socket.frame();
      expect(frame?.opcode).toBe(CLOSE);
      expect(frame?.payload.readUInt16BE()).toBe(1002);
    }));

  it.each([1000, 1001, 3000, 4999])(
    'close with %i and get the code back, without a reason',
    (code) =>
      withSocket(async () => {
        const payload = Buffer.from([code >> 8, code & 0xff, 0x62, 0x79]);
        socket.send(CLOSE, payload);

        expect(await socket.frame()).toMatchObject({
          opcode: CLOSE,
          payload: payload.subarray(0, 2),
        });
        expect(await socket.ends()).toBe(true);
      }),
  );

  it('are answered before a close that follows them', () =>
    withSocket(async () => {
      socket.send(TEXT, echo('last'));
      socket.send(CLOSE, Buffer.from([3, 232]));

      const opcodes = [await socket.frame(), await socket.frame()].map(
        (frame) => frame?.opcode,
      );
      expect(opcodes).toEqual([TEXT, CLOSE]);
    }));

  it('that leave a ping unanswered end in a close', () =>
    withSocket(async () => {
      expect(await socket.frame()).toMatchObject({
        opcode: PING,
        payload: Buffer.alloc(0),
      });
      expect(await socket.frame()).toMatchObject({ opcode: CLOSE });
      expect(await socket.ends()).toBe(true);
    }, '/ws-ping'));
});
