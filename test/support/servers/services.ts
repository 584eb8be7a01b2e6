import type {
  INestApplication,
  ModuleMetadata,
  Provider,
} from '@nestjs/common';
import { SnorkyModule } from 'snorky';
import { startApp, type RunningApp } from './app.js';
import { TestSocket } from '../sockets/socket.js';

/** What an application of services has besides them. */
export interface ServicesOptions {
  readonly imports?: ModuleMetadata['imports'];
  prepare?(app: INestApplication): void;
}

/** Starts an application with one registry, `frontend`, on the path `/ws`. */
export function startServices(
  providers: Provider[],
  { imports = [], prepare }: ServicesOptions = {},
): Promise<RunningApp> {
  const registries = { frontend: { websocket: { path: '/ws' } } };
  return startApp(
    { imports: [SnorkyModule.forRoot({ registries }), ...imports], providers },
    prepare,
  );
}

/** The same with a client connected to it. */
export async function startWithSocket(
  providers: Provider[],
  options: ServicesOptions = {},
): Promise<RunningApp & { readonly socket: TestSocket }> {
  const app = await startServices(providers, options);
  const socket = await TestSocket.connect(`${app.ws}/ws`);
  return { ...app, socket };
}
