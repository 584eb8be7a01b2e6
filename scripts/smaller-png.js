import { crc32, deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
/** Bytes of a pixel: 8 bits of red, green, blue and alpha. */
const PIXEL = 4;

/**
 * Makes the same picture in fewer bytes. Browsers compress PNG files quickly
 * rather than well, and pictures of pages, which have plain areas, are smallest
 * without any filter.
 *
 * @throws Error when the file is not one that browsers make.
 */
export function smallerPng(png) {
  const chunks = chunksOf(png);
  const header = chunks.find(({ type }) => type === 'IHDR').data;
  if (header.readUInt32BE(8) !== 0x08_06_00_00) {
    throw new Error(
      'Only 8 bits of red, green, blue and alpha are understood.',
    );
  }
  const data = chunks.filter(({ type }) => type === 'IDAT');
  const rows = unfiltered(
    inflateSync(Buffer.concat(data.map((chunk) => chunk.data))),
    header.readUInt32BE(0) * PIXEL,
  );
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows, { level: 9, memLevel: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunksOf(png) {
  const chunks = [];
  for (let at = SIGNATURE.length; at < png.length;) {
    const length = png.readUInt32BE(at);
    const type = png.toString('latin1', at + 4, at + 8);
    chunks.push({ type, data: png.subarray(at + 8, at + 8 + length) });
    at += length + 12;
  }
  return chunks;
}

function chunk(type, data) {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(data.length);
  ends.writeUInt32BE(crc32(named), 4);
  return Buffer.concat([ends.subarray(0, 4), named, ends.subarray(4)]);
}

/**
 * Removes the filters: each row begins with one, which says what was subtracted
 * from it.
 */
function unfiltered(rows, width) {
  const result = Buffer.alloc(rows.length);
  for (let start = 0; start < rows.length; start += width + 1) {
    const filter = rows[start];
    for (let i = 1; i <= width; i++) {
      const at = start + i;
      const left = i > PIXEL ? result[at - PIXEL] : 0;
      const above = start > 0 ? result[at - width - 1] : 0;
      const corner =
        i > PIXEL && start > 0 ? result[at - width - 1 - PIXEL] : 0;
      result[at] = rows[at] + expected(filter, left, above, corner);
    }
  }
  return result;
}

function expected(filter, left, above, corner) {
  if (filter === 0) return 0;
  if (filter === 1) return left;
  if (filter === 2) return above;
  if (filter === 3) return (left + above) >> 1;
  const estimate = left + above - corner;
  const [a, b, c] = [left, above, corner].map((x) => Math.abs(estimate - x));
  if (a <= b && a <= c) return left;
  return b <= c ? above : corner;
}
