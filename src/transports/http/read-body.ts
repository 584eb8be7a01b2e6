import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';

/** Why a body was not read. */
export type BodyFault = 'tooLarge' | 'notUtf8' | 'aborted';

/** The body of a request as text, or why there is none. Never rejects. */
export function readBody(
  request: IncomingMessage,
  limit: number,
): Promise<{ readonly text: string } | BodyFault> {
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > limit) return Promise.resolve('tooLarge');
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > limit) {
        request.off('data', onData);
        resolve('tooLarge');
      } else {
        chunks.push(chunk);
      }
    };
    request.on('data', onData);
    request.once('end', () => {
      const body = Buffer.concat(chunks);
      resolve(isUtf8(body) ? { text: body.toString() } : 'notUtf8');
    });
    request.once('close', () => resolve('aborted'));
    request.once('error', () => resolve('aborted'));
  });
}
