import { expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { filesInMemory } from '../../examples/files-in-memory.js';
import { startApp } from '../support/servers/app.js';

@Module({})
class Nothing {}

it('Files in memory are served while a build has deleted their directory', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'snorky-files-'));
  const text = 'export const made = true;';
  await writeFile(join(directory, 'connector.js'), text);
  await using app = await startApp({ imports: [Nothing] }, (made) => {
    made.use(filesInMemory(directory));
  });
  await rm(directory, { recursive: true });
  const ask = (path: string, method = 'GET'): Promise<Response> =>
    fetch(`http://127.0.0.1:${app.port}${path}`, { method });
  const served = await ask('/connector.js');
  expect(served.headers.get('Content-Type')).toContain('text/javascript');
  expect(await served.text()).toBe(text);
  expect((await ask('/connector.js', 'HEAD')).status).toBe(200);
  for (const path of ['/other.js', '/..%2fconnector.js', '/']) {
    expect((await ask(path)).status).toBe(404);
  }
  expect((await ask('/connector.js', 'POST')).status).toBe(404);
});
