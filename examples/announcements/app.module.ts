import { Controller, Get, Header, Module } from '@nestjs/common';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PubSubModule, PubSubService, SnorkyModule } from 'snorky';
import { backendPort } from './ports.js';

const key = process.env.BACKEND_KEY ?? 'swordfish';

/** Visitors subscribe; only the backend publishes. */
class AnnouncementsPubSub extends PubSubService {
  override canPublish(): boolean {
    return false;
  }
}

// Beside this file, or where this file was compiled from.
const beside = join(import.meta.dirname, 'public');
const source = join(
  import.meta.dirname,
  '../../../examples/announcements/public',
);
const page = join(existsSync(beside) ? beside : source, 'index.html');

@Controller()
class PageController {
  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Cache-Control', 'no-cache')
  async page(): Promise<string> {
    const html = await readFile(page, 'utf8');
    // A key of one's own is a secret: the page then names the variable.
    const shown = process.env.BACKEND_KEY === undefined ? key : '$BACKEND_KEY';
    return html
      .replaceAll('{{backendPort}}', String(backendPort))
      .replaceAll('{{key}}', shown);
  }
}

@Module({
  imports: [
    SnorkyModule.forRoot({
      registries: {
        frontend: { websocket: { path: '/ws' } },
        backend: {
          http: {
            path: '/backend',
            key,
            listen: { port: backendPort, host: '127.0.0.1' },
          },
        },
      },
    }),
    PubSubModule.register({ service: AnnouncementsPubSub }),
  ],
  controllers: [PageController],
})
export class AppModule {}
