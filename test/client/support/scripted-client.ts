import type { ServiceClasses, SnorkyOptions } from 'snorky/client';
import { connect, inState } from './client.js';
import { ScriptedServer } from './scripted-server.js';

/** A client and the server's side of its connection, to be scripted. */
export async function scriptedClient<Classes extends ServiceClasses>(
  services: Classes,
  options: SnorkyOptions = {},
) {
  const server = await ScriptedServer.start();
  const snorky = connect(server.url, services, options);
  const connection = await server.connection();
  await inState(snorky, 'connected');
  return {
    server,
    snorky,
    connection,
    services: snorky.services,
    [Symbol.asyncDispose]: async () => {
      snorky.disconnect();
      await server[Symbol.asyncDispose]();
    },
  };
}
