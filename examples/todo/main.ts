import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { SnorkyWsAdapter } from 'snorky';
import { AppModule } from './app.module.js';
import {
  backendKey,
  dataFile,
  databaseUrl,
  hasOwnKey,
  host,
  port,
} from './environment.js';
import { reachableAddress } from './invitation/reachable-address.js';
import { servePages } from './pages.js';
import { startProblem } from './start-problem.js';

let app: NestExpressApplication | undefined;
try {
  app = await NestFactory.create<NestExpressApplication>(AppModule, {
    abortOnError: false,
    // Nest would log by itself why it cannot start, without saying what to do.
    logger: ['fatal'],
  });
  app.useWebSocketAdapter(new SnorkyWsAdapter(app));
  app.enableShutdownHooks(['SIGINT', 'SIGTERM'], { useProcessExit: true });
  servePages(app);
  await app.listen(port, host);
  app.useLogger(['warn']);
  const home = `http://localhost:${port}`;
  const where = databaseUrl === undefined ? dataFile : 'PostgreSQL';
  console.log(`The to-do list is on ${home}, its tasks are in ${where}`);
  const elsewhere = reachableAddress(host);
  if (elsewhere !== undefined) {
    console.log(`Other devices find it on http://${elsewhere}:${port}`);
  }
  // The page does not show the key: anybody who has it may publish.
  const key = hasOwnKey ? 'that of BACKEND_KEY' : backendKey;
  console.log(`The key of its backend is ${key}`);
  console.log(`Announcements are on ${home}/announcements`);
} catch (error) {
  const problem = startProblem(error);
  if (problem === undefined) throw error;
  console.error(problem);
  await app?.close();
  process.exitCode = 1;
}
