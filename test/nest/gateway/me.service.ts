import {
  ConnectedClient,
  RpcCommand,
  SnorkyModule,
  SnorkyService,
  type Client,
  type JsonValue,
  type WebSocketEndpointOptions,
} from 'snorky';
import type { DynamicModule } from '@nestjs/common';

/** Tells clients what the server thinks of them. */
@SnorkyService('me')
export class Me {
  private readonly gone: Client[] = [];
  private told: (() => void)[] = [];

  onClientDisconnected(client: Client): void {
    this.gone.push(client);
    for (const tell of this.told.splice(0)) tell();
  }

  /** Settles when the server has seen so many clients go. */
  async left(count: number): Promise<readonly Client[]> {
    while (this.gone.length < count) {
      await new Promise<void>((resolve) => this.told.push(resolve));
    }
    return this.gone;
  }

  @RpcCommand()
  identity(@ConnectedClient() client: Client): JsonValue {
    return client.identity;
  }
}

/** `SnorkyModule` with one registry, `frontend`, on the path `/ws`. */
export function frontend(
  options: Omit<WebSocketEndpointOptions, 'path'> = {},
): DynamicModule {
  return SnorkyModule.forRoot({
    registries: { frontend: { websocket: { path: '/ws', ...options } } },
  });
}
