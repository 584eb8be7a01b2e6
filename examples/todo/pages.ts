import type { NestExpressApplication } from '@nestjs/platform-express';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { filesInMemory } from '../files-in-memory.js';
import { publicDirectory } from '../public-directory.js';

/** Serves the page as plain files, and the connector that it loads. */
export function servePages(app: NestExpressApplication): void {
  app.useStaticAssets(publicDirectory(import.meta.dirname));
  app.useStaticAssets(publicDirectory(dirname(import.meta.dirname)));
  const connector = import.meta.resolve('snorky/browser/snorky.js');
  app.use(filesInMemory(dirname(fileURLToPath(connector))));
}
