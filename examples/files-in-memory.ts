import { readdirSync, readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join, parse } from 'node:path';

interface Asked {
  readonly method: string;
  readonly path: string;
}

interface Answering extends ServerResponse {
  type(extension: string): this;
  send(body: Buffer): this;
}

/**
 * Express middleware that serves the files of a directory as they are now. A
 * build deletes and writes the connector while the example runs; without this,
 * pages could find no file, or half of one.
 */
export function filesInMemory(directory: string) {
  const files = new Map(
    readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => [`/${name}`, readFileSync(join(directory, name))]),
  );
  return ({ method, path }: Asked, response: Answering, next: () => void) => {
    const file = files.get(path);
    if (file === undefined || (method !== 'GET' && method !== 'HEAD')) next();
    else response.type(parse(path).ext).send(file);
  };
}
