import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** A site of plain files, on an origin of its own. */
export interface Site extends AsyncDisposable {
  readonly http: string;
}

/** Serves one page, and the browser files of a directory. */
export async function startSite(
  html: string,
  browserFiles: string,
): Promise<Site> {
  const server = createServer((request, response) => {
    const name = /^\/(snorky(?:\.min)?\.js)$/.exec(request.url ?? '')?.[1];
    if (name === undefined) {
      response.setHeader('Content-Type', 'text/html; charset=utf-8');
      // Else the browser would ask for an icon.
      response.end(`<!doctype html><link rel="icon" href="data:,">${html}`);
      return;
    }
    response.setHeader('Content-Type', 'text/javascript; charset=utf-8');
    readFile(join(browserFiles, name)).then(
      (script) => response.end(script),
      () => response.writeHead(404).end(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    http: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
