import { describe, expect, it } from '@jest/globals';
import {
  encodeFrame,
  Opcode,
  RawWebSocket,
} from '../../support/sockets/raw-websocket.js';
import { TestSocket } from '../../support/sockets/socket.js';
import { startEndpoint, type RunningEndpoint } from './endpoint.js';

const envelope = (message: unknown): string =>
  JSON.stringify({ service: 'echo', message });

/** Whether the connection still takes and answers messages. */
async function alive(raw: RawWebSocket): Promise<boolean> {
  raw.send(Opcode.text, envelope('still there'));
  return (await raw.message()) === 'still there';
}

async function open({ url }: RunningEndpoint): Promise<RawWebSocket> {
  return RawWebSocket.open(url);
}

describe('Frames of clients', () => {
  it('that are text are answered with one unmasked text frame per message', async () => {
    await using running = await startEndpoint();
    await using raw = await open(running);
    raw.send(Opcode.text, envelope('ñ 😀'));
    const frame = await raw.frame();
    expect(frame).toMatchObject({
      fin: true,
      rsv1: false,
      opcode: Opcode.text,
      masked: false,
    });
    expect(frame.payload.toString()).toBe(
      '{"service":"echo","message":"ñ 😀"}',
    );
  });

  it.each([0, 100, 125, 126, 127, 65_535, 65_536, 70_000, 1_000_000])(
    'may have a message of %d characters',
    async (length) => {
      await using running = await startEndpoint();
      await using raw = await open(running);
      raw.send(Opcode.text, envelope('x'.repeat(length)));
      expect(((await raw.message()) as string).length).toBe(length);
    },
  );

  it('that are binary are taken as JSON, and answered with text', async () => {
    await using running = await startEndpoint();
    await using raw = await open(running);
    raw.send(Opcode.binary, envelope({ a: ['ñ'] }));
    const frame = await raw.frame();
    expect(frame.opcode).toBe(Opcode.text);
    expect(JSON.parse(frame.payload.toString())).toEqual({
      service: 'echo',
      message: { a: ['ñ'] },
    });
  });

  it('may be fragments of a message, with control frames between them', async () => {
    await using running = await startEndpoint();
    await using raw = await open(running);
    const bytes = Buffer.from(envelope('ñandú 😀'));
    raw.send(Opcode.text, bytes.subarray(0, 3), { fin: false });
    raw.send(Opcode.ping, 'between');
    // One byte per frame, so that characters are split too.
    for (const byte of bytes.subarray(3)) {
      raw.send(Opcode.continuation, Buffer.from([byte]), { fin: false });
    }
    raw.send(Opcode.continuation, '');
    expect(await raw.frame()).toMatchObject({ opcode: Opcode.pong });
    expect(await raw.message()).toBe('ñandú 😀');
  });

  it('may come byte by byte, and many at once', async () => {
    await using running = await startEndpoint();
    await using raw = await open(running);
    raw.tcp.setNoDelay(true);
    for (const byte of encodeFrame(Opcode.text, envelope('slow'))) {
      await new Promise<void>((resolve) => {
        raw.tcp.write(Buffer.from([byte]), () => resolve());
      });
    }
    expect(await raw.message()).toBe('slow');
    const numbers = Array.from({ length: 500 }, (_, i) => i);
    raw.tcp.write(
      Buffer.concat(numbers.map((i) => encodeFrame(Opcode.text, envelope(i)))),
    );
    for (const i of numbers) expect(await raw.message()).toBe(i);
  });

  it.each([
    ['nothing', ''],
    ['no JSON', 'hello'],
    ['no object', '[1]'],
    ['no envelope', '{}'],
    ['an unknown service', '{"service": "nobody", "message": 1}'],
  ])('with %s are discarded in silence', async (_what, text) => {
    await using running = await startEndpoint();
    await using raw = await open(running);
    raw.send(Opcode.text, text);
    expect(await alive(raw)).toBe(true);
    expect(running.registry.counters.discarded).toBe(1);
  });

  it('whose text is no UTF-8 cut the connection without a close frame', async () => {
    await using running = await startEndpoint();
    await using raw = await open(running);
    raw.send(
      Opcode.text,
      Buffer.from('{"service":"echo","message":"\xff"}', 'latin1'),
    );
    expect((await raw.rest()).length).toBe(0);
    await running.echo.until(({ gone }) => gone.length === 1);
    expect(running.echo.got).toEqual([]);
  });

  it('whose text is no UTF-8 because of how its fragments join cut the connection', async () => {
    await using running = await startEndpoint();
    await using raw = await open(running);
    raw.send(
      Opcode.text,
      Buffer.from('{"service":"echo","message":"\xc3', 'latin1'),
      { fin: false },
    );
    raw.send(Opcode.continuation, '"}');
    expect((await raw.rest()).length).toBe(0);
  });

  it('that are binary and no UTF-8 are discarded in silence', async () => {
    await using running = await startEndpoint();
    await using raw = await open(running);
    raw.send(
      Opcode.binary,
      Buffer.from('{"service":"echo","message":"\xff"}', 'latin1'),
    );
    expect(await alive(raw)).toBe(true);
    expect(running.echo.got).toEqual(['still there']);
  });

  it.each<[string, Buffer]>([
    [
      'are not masked',
      encodeFrame(Opcode.text, envelope(1), { masked: false }),
    ],
    [
      'have a reserved bit',
      encodeFrame(Opcode.text, envelope(1), { rsv1: true }),
    ],
    ['have an unknown opcode', encodeFrame(3, 'x')],
    ['are a fragmented ping', encodeFrame(Opcode.ping, 'x', { fin: false })],
    ['are a long ping', encodeFrame(Opcode.ping, 'x'.repeat(126))],
    ['continue nothing', encodeFrame(Opcode.continuation, 'x')],
    [
      'close with a code that cannot be',
      encodeFrame(Opcode.close, Buffer.from([0x03, 0xed])),
    ],
    ['close with half a code', encodeFrame(Opcode.close, Buffer.from([0x03]))],
  ])('that %s close the connection with 1002', async (_what, bytes) => {
    await using running = await startEndpoint();
    await using raw = await open(running);
    raw.tcp.write(bytes);
    expect((await raw.close()).code).toBe(1002);
    await raw.closed;
    await running.echo.until(({ gone }) => gone.length === 1);
  });

  it('up to maxPayload are taken, larger ones close with 1009', async () => {
    const limit = 1000;
    await using running = await startEndpoint({ maxPayload: limit });
    await using other = await TestSocket.connect(running.url);
    const fits = envelope('x'.repeat(limit - envelope('').length));
    expect(fits.length).toBe(limit);

    await using whole = await open(running);
    whole.send(Opcode.text, fits);
    expect(((await whole.message()) as string).length).toBe(
      limit - envelope('').length,
    );
    whole.send(Opcode.text, `${fits} `);
    expect((await whole.close()).code).toBe(1009);
    await whole.closed;

    await using parts = await open(running);
    parts.send(Opcode.text, fits.slice(0, 600), { fin: false });
    parts.send(Opcode.continuation, `${fits.slice(600)} `);
    expect((await parts.close()).code).toBe(1009);

    // By the announcement alone: nothing of it need arrive.
    await using announced = await open(running);
    announced.tcp.write(
      encodeFrame(Opcode.text, 'x'.repeat(5000)).subarray(0, 4),
    );
    expect((await announced.close()).code).toBe(1009);

    other.send('echo', 'unharmed');
    expect(await other.next()).toMatchObject({ message: 'unharmed' });
  });

  it.each([1000, 1001, 3000, 4321])(
    'that close with %d are answered with the code alone',
    async (code) => {
      await using running = await startEndpoint();
      await using raw = await open(running);
      const payload = Buffer.alloc(2 + 5);
      payload.writeUInt16BE(code);
      payload.write('a why', 2);
      raw.send(Opcode.close, payload);
      expect(await raw.close()).toEqual({ code, reason: '' });
      expect((await raw.rest()).length).toBe(0);
      await running.echo.until(({ gone }) => gone.length === 1);
    },
  );

  it('that close without a code are answered without one', async () => {
    await using running = await startEndpoint();
    await using raw = await open(running);
    raw.send(Opcode.close);
    expect(await raw.close()).toEqual({ code: 1005, reason: '' });
    await raw.closed;
  });

  it('that come after the close are ignored', async () => {
    await using running = await startEndpoint();
    await using raw = await open(running);
    raw.tcp.write(
      Buffer.concat([
        encodeFrame(Opcode.text, envelope('before')),
        encodeFrame(Opcode.close, Buffer.from([0x03, 0xe8])),
        encodeFrame(Opcode.text, envelope('after')),
      ]),
    );
    await raw.closed;
    await running.echo.until(({ gone }) => gone.length === 1);
    expect(running.echo.got).toEqual(['before']);
  });

  it.each(['', 'hello', 'x'.repeat(125)])(
    'that ping with "%s" are answered with the same',
    async (payload) => {
      await using running = await startEndpoint();
      await using raw = await open(running);
      raw.send(Opcode.ping, payload);
      const frame = await raw.frame();
      expect([frame.opcode, frame.payload.toString()]).toEqual([
        Opcode.pong,
        payload,
      ]);
    },
  );

  it('that are pongs nobody asked for are ignored', async () => {
    await using running = await startEndpoint();
    await using raw = await open(running);
    raw.send(Opcode.pong, 'unasked');
    expect(await alive(raw)).toBe(true);
  });
});

const FLOOD = 40 * 1024 * 1024;

describe('A client that pings without reading', () => {
  it('is not answered beyond what its socket buffers, and served once it reads', async () => {
    await using running = await startEndpoint();
    await using raw = await open(running);
    raw.tcp.pause();
    const pings = Buffer.concat(
      Array.from({ length: 2000 }, () =>
        encodeFrame(Opcode.ping, 'x'.repeat(125)),
      ),
    );
    // More than the buffers of both kernels hold.
    for (let sent = 0; sent < FLOOD; sent += pings.length) {
      await new Promise<void>((resolve) =>
        raw.tcp.write(pings, () => resolve()),
      );
    }
    raw.send(Opcode.text, envelope('after the flood'));
    await running.echo.until(({ got }) => got.length === 1);
    raw.tcp.resume();
    let pongs = 0;
    for (;;) {
      const { opcode, payload } = await raw.frame();
      if (opcode !== Opcode.pong) {
        expect(payload.toString()).toBe(envelope('after the flood'));
        break;
      }
      pongs += payload.length;
    }
    // What the kernel held, and no more: the server kept none for later.
    expect(pongs).toBeLessThan(FLOOD / 2);
  }, 30_000);
});
