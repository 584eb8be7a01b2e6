import { Controller, Get, Header, Inject } from '@nestjs/common';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { publicDirectory } from '../public-directory.js';
import {
  ANNOUNCEMENTS_OPTIONS,
  type AnnouncementsOptions,
} from './announcements.options.js';

const files = publicDirectory(import.meta.dirname);

@Controller('announcements')
export class AnnouncementsController {
  constructor(
    @Inject(ANNOUNCEMENTS_OPTIONS)
    private readonly options: AnnouncementsOptions,
  ) {}

  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Cache-Control', 'no-cache')
  async page(): Promise<string> {
    const html = await readFile(join(files, 'index.html'), 'utf8');
    return html.replaceAll('{{backendPort}}', String(this.options.backendPort));
  }
}
