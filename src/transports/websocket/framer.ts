const FIN_TEXT = 0x81;

/**
 * The text as one unmasked WebSocket text frame (RFC 6455, section 5.2). It is
 * made here and not by `ws`, so that a frame for many connections is made only
 * once.
 */
export function encodeTextFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  let offset: number;
  let frame: Buffer;
  if (length < 126) {
    offset = 2;
    frame = Buffer.allocUnsafe(offset + length);
    frame[1] = length;
  } else if (length < 65_536) {
    offset = 4;
    frame = Buffer.allocUnsafe(offset + length);
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    offset = 10;
    frame = Buffer.allocUnsafe(offset + length);
    frame[1] = 127;
    frame.writeUInt32BE(Math.floor(length / 0x1_0000_0000), 2);
    frame.writeUInt32BE(length >>> 0, 6);
  }
  frame[0] = FIN_TEXT;
  frame.write(text, offset);
  return frame;
}

/**
 * The text's bytes without a frame, for connections on which `ws` compresses.
 */
export function encodeTextPayload(text: string): Buffer {
  return Buffer.from(text);
}
