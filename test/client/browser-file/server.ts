import {
  BroadcastDealer,
  ConnectedClient,
  DataSyncModule,
  DataSyncService,
  RpcCommand,
  RpcParam,
  RpcService,
  SnorkyModule,
  SnorkyService,
  type Client,
  type JsonValue,
} from 'snorky';
import { startApp, type RunningApp } from '../../support/servers/app.js';

/** The service of the documentation that its connector is for. */
@SnorkyService('pubsub')
class SimplePubSub extends RpcService {
  private readonly subscribed = new Set<Client>();

  @RpcCommand()
  subscribe(@ConnectedClient() client: Client): void {
    this.subscribed.add(client);
  }

  @RpcCommand()
  unsubscribe(@ConnectedClient() client: Client): void {
    this.subscribed.delete(client);
  }

  @RpcCommand()
  publish(@RpcParam('message') message: JsonValue): void {
    this.notify(this.subscribed, { type: 'publication', message });
  }

  override onClientDisconnected(client: Client): void {
    this.subscribed.delete(client);
  }
}

class AllComments extends BroadcastDealer {
  readonly model = 'Comment';
}

/** Starts a server of all that the examples connect to. */
export function startServer(): Promise<RunningApp> {
  return startApp({
    imports: [
      SnorkyModule.forRoot({
        registries: { frontend: { websocket: { path: '/ws' } } },
      }),
      DataSyncModule.register({ dealers: [AllComments] }),
    ],
    providers: [SimplePubSub],
  });
}

/** A token for all comments. */
export function authorize({ app }: RunningApp): Promise<string> {
  return Promise.resolve(
    app
      .get(DataSyncService, { strict: false })
      .authorizeSubscription([{ dealer: 'AllComments', query: null }]),
  );
}
