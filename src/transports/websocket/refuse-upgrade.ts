import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  bodyOf,
  type UpgradeRefused,
} from '../../core/admission/upgrade-refused.js';

/** How long the peer may take to read a refusal, in milliseconds. */
const LINGER = 2000;

/** Answers an upgrade with a refusal and ends the connection. */
export function refuseUpgrade(socket: Duplex, refusal: UpgradeRefused): void {
  if (socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, headers } = refusal;
  const body = bodyOf(refusal);
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}`];
  for (const [name, value] of Object.entries(headers)) {
    if (OWN_HEADERS.has(name.toLowerCase()) || value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) {
      lines.push(`${name}: ${one}`);
    }
  }
  lines.push(
    'Connection: close',
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
  );
  const timer = setTimeout(() => socket.destroy(), LINGER);
  timer.unref();
  socket.once('close', () => clearTimeout(timer));
  socket.once('finish', () => socket.destroy());
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
}

const OWN_HEADERS = new Set([
  'connection',
  'content-type',
  'content-length',
  'transfer-encoding',
]);
