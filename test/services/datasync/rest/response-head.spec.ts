import { describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  addNames,
  beforeHead,
} from '../../../../src/services/datasync/rest/response-head.js';
import { send, type HttpAnswer } from '../../../support/sockets/http.js';

async function answered(
  answer: (response: ServerResponse) => void,
): Promise<HttpAnswer> {
  const server = createServer((_request, response) => answer(response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    return await send(`http://127.0.0.1:${port}`, { method: 'GET' });
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

describe('A head that is about to be written', () => {
  const ways: Record<string, (response: ServerResponse) => void> = {
    'by the body': (response) => {
      response.statusCode = 201;
      response.setHeader('Vary', 'Origin');
      response.end('ok');
    },
    'by the first chunk': (response) => {
      response.statusCode = 201;
      response.setHeader('Vary', ['Origin']);
      response.write('o');
      response.end('k');
    },
    'at once': (response) => {
      response.statusCode = 201;
      response.setHeader('Vary', 'Origin');
      response.flushHeaders();
      response.end('ok');
    },
    'with an object': (response) => {
      response.setHeader('Vary', 'Overwritten');
      response.writeHead(201, { vary: 'Origin' }).end('ok');
    },
    'with a list': (response) => {
      response.setHeader('Vary', 'Overwritten');
      response.writeHead(201, ['vary', 'Origin']).end('ok');
    },
    'with a reason': (response) => {
      response.writeHead(201, 'Fine', { vary: 'Origin' }).end('ok');
    },
  };

  it.each(Object.keys(ways))('can be amended when written %s', async (way) => {
    const statuses: number[] = [];
    const { status, headers, text } = await answered((response) => {
      beforeHead(response, (code) => {
        statuses.push(code);
        addNames(response, 'Vary', ['X-Snorky']);
        return code;
      });
      ways[way]?.(response);
    });
    expect({ status, vary: headers.vary, text, statuses }).toEqual({
      status: 201,
      vary: 'Origin, X-Snorky',
      text: 'ok',
      statuses: [201],
    });
  });

  it('keeps headers that come several times', async () => {
    const { headers } = await answered((response) => {
      beforeHead(response, (code) => code);
      response.writeHead(200, ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2']).end();
    });
    expect(headers['set-cookie']).toEqual(['a=1', 'b=2']);
  });

  it('can be written anew when it could not be', async () => {
    const statuses: number[] = [];
    const { status, headers } = await answered((response) => {
      beforeHead(response, (code) => {
        statuses.push(code);
        response.setHeader(`X-${code}`, 'yes');
        return code;
      });
      response.setHeader('X-Before', 'yes');
      try {
        response.writeHead(200, { 'X-Fine': 'yes', 'X-Odd': 'a\nb' });
      } catch {
        response.writeHead(500).end();
      }
    });
    expect(status).toBe(500);
    expect(statuses).toEqual([500]);
    expect(
      Object.keys(headers).filter((name) => name.startsWith('x-')),
    ).toEqual(['x-before', 'x-500']);
  });

  it('is written once', async () => {
    let thrown: unknown;
    await answered((response) => {
      beforeHead(response, (code) => code);
      response.writeHead(200).flushHeaders();
      try {
        response.writeHead(500, { 'X-Late': 'yes' });
      } catch (error) {
        thrown = error;
      }
      response.end();
    });
    expect(thrown).toMatchObject({ code: 'ERR_HTTP_HEADERS_SENT' });
  });
});

describe('A header that is a list of names', () => {
  it.each([
    [undefined, ['A', 'B'], 'A, B'],
    ['a', ['A', 'B'], 'a, B'],
    ['b , ,A', ['A', 'B'], 'b , ,A'],
    ['*', ['A'], '*, A'],
    [['x', 'y'], ['A'], 'x, y, A'],
  ])('%j gets %j and is %j', async (before, names, after) => {
    const { headers } = await answered((response) => {
      if (before !== undefined) response.setHeader('X-Names', before);
      addNames(response, 'X-Names', names);
      response.end();
    });
    expect(headers['x-names']).toBe(after);
  });
});
