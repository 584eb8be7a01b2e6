import type { NestExpressApplication } from '@nestjs/platform-express';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publicDirectory } from '../public-directory.js';

/** Serves the page, and the connector that it loads, as plain files. */
export function servePages(app: NestExpressApplication): void {
  app.useStaticAssets(publicDirectory(import.meta.dirname));
  app.useStaticAssets(publicDirectory(dirname(import.meta.dirname)));
  const connector = import.meta.resolve('snorky/browser/snorky.js');
  app.useStaticAssets(dirname(fileURLToPath(connector)), { index: false });
}
