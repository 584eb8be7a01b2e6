import type { OutgoingHttpHeader, ServerResponse } from 'node:http';

type WriteHead = (
  status: number,
  ...rest: readonly unknown[]
) => ServerResponse;

/**
 * Changes the headers of a response at the last moment. Only when its head is
 * written is it known what it answers and which other headers it has: exception
 * filters, interceptors, a `Response` that the handler returns and streams all
 * act after the handler.
 *
 * @param act Gets the status, and returns the status to send. It is called
 *   again if the head could not be written and something else is answered.
 */
export function beforeHead(
  response: ServerResponse,
  act: (status: number) => number,
): void {
  const writeHead = response.writeHead.bind(response) as WriteHead;
  const amended: WriteHead = (status, ...rest) => {
    if (response.headersSent) return writeHead(status, ...rest);
    const before = response.getHeaders();
    const [message] = rest;
    try {
      setAll(
        response,
        rest.find((one) => typeof one === 'object'),
      );
      const sent = act(status);
      return typeof message === 'string' && sent === status
        ? writeHead(sent, message)
        : writeHead(sent);
    } catch (error) {
      // The other answer has headers of its own.
      for (const name of response.getHeaderNames()) response.removeHeader(name);
      setAll(response, before);
      throw error;
    }
  };
  response.writeHead = amended as ServerResponse['writeHead'];
}

/**
 * Sets the headers that `writeHead` was given, if they have a form that can be
 * merged.
 */
function setAll(response: ServerResponse, headers: unknown): void {
  if (!Array.isArray(headers)) {
    const entries = Object.entries((headers ?? {}) as HeaderValues);
    for (const [name, value] of entries) response.setHeader(name, value);
    return;
  }
  // Names and values in turn; a name may occur several times.
  for (let i = 0; i < headers.length; i += 2) {
    response.removeHeader(headers[i] as string);
  }
  for (let i = 0; i < headers.length; i += 2) {
    response.appendHeader(headers[i] as string, headers[i + 1] as string);
  }
}

type HeaderValues = Readonly<Record<string, OutgoingHttpHeader>>;

/**
 * Adds names to a header that is a list of names, and keeps the present ones.
 */
export function addNames(
  response: ServerResponse,
  header: string,
  names: readonly string[],
): void {
  const listed = String(response.getHeader(header) ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const known = new Set(listed.map((name) => name.toLowerCase()));
  const missing = names.filter((name) => !known.has(name.toLowerCase()));
  if (missing.length === 0) return;
  response.setHeader(header, [...listed, ...missing].join(', '));
}
