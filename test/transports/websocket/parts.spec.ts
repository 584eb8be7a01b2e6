import { describe, expect, it, jest } from '@jest/globals';
import { FrameJoiner } from '../../../src/transports/websocket/frame-joiner.js';
import {
  encodeTextFrame,
  encodeTextPayload,
} from '../../../src/transports/websocket/framer.js';
import { webSocketSettings } from '../../../src/transports/websocket/websocket-options.js';

/** The texts in whole, unmasked text frames. */
function read(bytes: Uint8Array): string[] {
  const view = Buffer.from(bytes);
  const texts: string[] = [];
  for (let at = 0; at < view.length;) {
    expect(view[at]).toBe(0x81);
    let length = view.readUInt8(at + 1);
    at += 2;
    if (length === 126) {
      length = view.readUInt16BE(at);
      at += 2;
    } else if (length === 127) {
      length = Number(view.readBigUInt64BE(at));
      at += 8;
    }
    texts.push(view.toString('utf8', at, at + length));
    at += length;
  }
  return texts;
}

describe('encodeTextFrame', () => {
  it.each([0, 1, 125, 126, 127, 65_535, 65_536, 200_000])(
    'makes one frame of a text of %d bytes',
    (length) => {
      const text = 'x'.repeat(length);
      expect(read(encodeTextFrame(text))).toEqual([text]);
    },
  );

  it('counts bytes, not characters', () => {
    for (const text of ['é'.repeat(63), '😀'.repeat(32), 'ñ'.repeat(32_768)]) {
      expect(read(encodeTextFrame(text))).toEqual([text]);
    }
  });

  it('writes lengths beyond 16 bits in the shortest form', () => {
    expect([...encodeTextFrame('x'.repeat(65_536)).subarray(0, 10)]).toEqual([
      0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0,
    ]);
  });

  it('has a counterpart without a frame', () => {
    expect(encodeTextPayload('é').toString('hex')).toBe('c3a9');
  });
});

describe('FrameJoiner', () => {
  const frames = ['a', 'b', 'c'].map(encodeTextFrame);

  it('gives a frame that is alone as it is', () => {
    expect(new FrameJoiner().join(frames.slice(0, 1))).toBe(frames[0]);
  });

  it('makes one buffer of the same frames for many clients, within a turn', async () => {
    const joiner = new FrameJoiner();
    const joined = joiner.join(frames);
    expect(read(joined)).toEqual(['a', 'b', 'c']);
    expect(joiner.join([...frames])).toBe(joined);
    await new Promise(setImmediate);
    expect(joiner.join([...frames])).not.toBe(joined);
  });

  it('keeps nothing past the turn, and asks for that once', async () => {
    const later = jest.spyOn(globalThis, 'setImmediate');
    try {
      const joiner = new FrameJoiner();
      joiner.join(frames);
      joiner.join(frames.slice(0, 2));
      joiner.join([...frames].reverse());
      expect(later).toHaveBeenCalledTimes(1);
      await new Promise((resolve) => setImmediate(resolve));
      later.mockClear();
      joiner.join(frames);
      expect(later).toHaveBeenCalledTimes(1);
    } finally {
      later.mockRestore();
    }
  });

  it('tells apart frames that only look the same, and lists of other lengths', () => {
    const joiner = new FrameJoiner();
    const joined = joiner.join(frames);
    expect(read(joiner.join(frames.slice(0, 2)))).toEqual(['a', 'b']);
    expect(read(joiner.join([...frames, encodeTextFrame('d')]))).toEqual([
      'a',
      'b',
      'c',
      'd',
    ]);
    expect(read(joiner.join([...frames].reverse()))).toEqual(['c', 'b', 'a']);
    expect(joiner.join(frames)).toEqual(joined);
  });
});

describe('webSocketSettings', () => {
  it('has the defaults that are documented', () => {
    expect(webSocketSettings({})).toEqual({
      heartbeat: 30_000,
      maxPayload: 1_048_576,
      maxUnanswered: 1000,
      maxUnansweredBytes: 10_485_760,
      stallTimeout: 90_000,
      maxWaiting: 1_048_576,
      maxBurst: 33_554_432,
      maxConnections: Infinity,
      handshakeTimeout: 10_000,
    });
  });

  it.each([
    'heartbeat',
    'maxPayload',
    'maxUnanswered',
    'stallTimeout',
    'maxWaiting',
    'maxBurst',
    'maxConnections',
    'handshakeTimeout',
  ])('names the option %s when it cannot be', (name) => {
    for (const value of [-1, NaN, '5', null]) {
      const make = () => webSocketSettings({ [name]: value });
      // Not to be mistaken for one that was left out.
      if (value === null) expect(make).not.toThrow();
      else expect(make).toThrow(`"${name}" must be a number from`);
    }
    if (name === 'heartbeat')
      expect(webSocketSettings({ [name]: 0 }).heartbeat).toBe(0);
    else expect(() => webSocketSettings({ [name]: 0 })).toThrow(TypeError);
  });

  it('cuts times to what timers can wait', () => {
    const { heartbeat, stallTimeout, handshakeTimeout } = webSocketSettings({
      heartbeat: Infinity,
      stallTimeout: 1e12,
      handshakeTimeout: 2 ** 31,
    });
    const longest = 2 ** 31 - 1;
    expect([heartbeat, stallTimeout, handshakeTimeout]).toEqual([
      longest,
      longest,
      longest,
    ]);
  });
});
