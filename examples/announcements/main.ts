import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { SnorkyWsAdapter } from 'snorky';
import { AppModule } from './app.module.js';
import { backendPort, port } from './ports.js';

const app = await NestFactory.create(AppModule, { logger: ['warn', 'error'] });
app.useWebSocketAdapter(new SnorkyWsAdapter(app));
app.enableShutdownHooks(['SIGINT', 'SIGTERM'], { useProcessExit: true });

try {
  // Nest would log a port in use on its own, and not say what to do.
  app.useLogger(['fatal']);
  await app.listen(port);
  app.useLogger(['warn', 'error']);
  console.log(`Announcements are on http://localhost:${port}`);
} catch (error) {
  if (!isPortInUse(error)) throw error;
  const variable = error.port === backendPort ? 'BACKEND_PORT' : 'PORT';
  console.error(
    `Port ${error.port} is in use: stop what listens there, or set ${variable} to another one.`,
  );
  await app.close();
  process.exitCode = 1;
}

function isPortInUse(error: unknown): error is { readonly port: number } {
  return (
    error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
  );
}
