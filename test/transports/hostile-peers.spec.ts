import { describe, expect, it } from '@jest/globals';
import {
  clientFrame,
  Opcode,
  RawSocket,
} from '../support/sockets/raw-socket.js';
import { ServerProcess } from '../support/hostile/server-process.js';

const CLOSE = clientFrame('', { opcode: Opcode.close });
const FORBIDDEN = clientFrame('{}', { opcode: 3 });
const HUGE = clientFrame('', { length: 2 ** 40, lengthBits: 64 });
const NO_TEXT = clientFrame(Buffer.from([0xff]));

describe('A peer that keeps its end of the connection open', () => {
  it('is let go of within seconds, however the connection ended', async () => {
    await using server = await ServerProcess.start();
    const open = (): Promise<RawSocket> => RawSocket.openStubborn(server.port);
    await using afterClose = await open();
    await using afterForbidden = await open();
    await using afterHuge = await open();
    await using afterNoText = await open();
    await using deaf = await open();
    deaf.tcp.pause();
    deaf.send('calc', { command: 'text', params: { size: 9_000_000 } });
    await server.until(({ counters }) => counters['received'] === 1);
    afterClose.write(CLOSE);
    afterForbidden.write(FORBIDDEN);
    afterHuge.write(HUGE);
    afterNoText.write(NO_TEXT);
    deaf.write(CLOSE);

    const begun = performance.now();
    // Peers that can still write keep writing.
    const frame = clientFrame('{"service":"explode","message":1}');
    const writing = setInterval(() => {
      for (const socket of [afterClose, afterForbidden, afterHuge]) {
        socket.write(frame);
      }
    }, 20);
    const state = await server.until(({ clients }) => {
      return clients === 0;
    }, 20_000);
    clearInterval(writing);
    expect(performance.now() - begun).toBeLessThan(8000);
    expect(state.counters['failures']).toBe(0);
    expect(state.counters['closedSlow']).toBe(0);
    for (const socket of [afterClose, afterForbidden, afterHuge]) {
      expect(socket.fault).toBeUndefined();
      expect(socket.afterClose).toBe(0);
    }
    expect(afterForbidden.closeCode).toBe(1002);
    expect(afterHuge.closeCode).toBe(1009);
    expect(afterNoText.closeCode).toBeUndefined();
  }, 30_000);
});
