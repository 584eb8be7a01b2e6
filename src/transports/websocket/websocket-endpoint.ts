import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type Server } from 'ws';
import {
  admit,
  type Admission,
  type Admit,
} from '../../core/admission/admission.js';
import { Entrance } from '../../core/admission/entrance.js';
import { UpgradeRefused } from '../../core/admission/upgrade-refused.js';
import type { VisitorOf } from '../../core/admission/visitor.js';
import { excerpt } from '../../core/log/log-line.js';
import type { OutboxLimits } from '../../core/clients/outbox.js';
import { OutboxFlusher } from '../../core/clients/outbox-flusher.js';
import type { ServiceRegistry } from '../../core/registry/service-registry.js';
import { pathOf } from '../request-target.js';
import { FrameJoiner } from './frame-joiner.js';
import { HeartbeatTimer } from './heartbeat-timer.js';
import { refuseUpgrade } from './refuse-upgrade.js';
import { selectSubprotocol, type SelectSubprotocol } from './subprotocols.js';
import { SnorkySocket } from './snorky-socket.js';
import { WebSocketClient, type WebSocketContext } from './websocket-client.js';
import { hasBody } from './upgrade-body.js';
import {
  webSocketSettings,
  type WebSocketOptions,
  type WebSocketSettings,
} from './websocket-options.js';

/**
 * The WebSocket side of a registry at one path: turns upgrade requests into
 * clients. It owns no server. The owner of a server hands it the upgrades.
 */
export class WebSocketEndpoint implements WebSocketContext {
  readonly settings: WebSocketSettings;
  readonly counters: ServiceRegistry['counters'];
  readonly flusher: OutboxFlusher = new OutboxFlusher();
  readonly limits: OutboxLimits;
  readonly joiner: FrameJoiner = new FrameJoiner();

  private readonly server: Server<typeof SnorkySocket>;
  private readonly heartbeat: HeartbeatTimer<WebSocketClient> | undefined;
  private readonly subprotocol: SelectSubprotocol | undefined;
  private readonly open = new Set<WebSocketClient>();
  private readonly entrance: Entrance;
  private draining = false;

  /**
   * @param decide Guards, middleware and `identify`. Without it, everybody may
   *   connect, without an identity.
   * @param visitorOf Who is behind the proxy, if one is trusted.
   * @throws TypeError when an option makes no sense.
   */
  constructor(
    private readonly registry: ServiceRegistry,
    options: WebSocketOptions = {},
    decide?: Admit,
    visitorOf?: VisitorOf,
  ) {
    this.settings = webSocketSettings(options);
    this.limits = {
      limit: this.settings.maxWaiting,
      burst: this.settings.maxBurst,
    };
    this.counters = registry.counters;
    this.entrance = new Entrance(registry, this.open, {
      ...this.settings,
      origins: options.origins,
      hosts: options.hosts,
      admit: decide,
      visitorOf,
    });
    this.subprotocol = options.subprotocol;
    this.server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      // Pongs are sent by WebSocketClient: those of `ws` have no bound.
      autoPong: false,
      // `ws` would close with 1007 where the protocol cuts the connection.
      skipUTF8Validation: true,
      maxPayload: this.settings.maxPayload,
      perMessageDeflate: options.compression ?? false,
      handleProtocols: (offered, request) =>
        this.selectProtocol([...offered], request),
      WebSocket: SnorkySocket,
    });
    if (this.settings.heartbeat > 0) {
      this.heartbeat = new HeartbeatTimer(this.settings.heartbeat, (client) => {
        client.beat();
      });
    }
  }

  /** Takes an upgrade request. Never throws. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Node has removed its own listener. Without another one, a reset while a
    // guard is running would end the process.
    socket.on('error', ignore);
    this.entrance.enter(request, socket, {
      accept: (admission, { ip }) =>
        this.accept(request, socket, head, admission, ip),
      refuse: (refusal) => refuseUpgrade(socket, refusal),
    });
  }

  /**
   * Refuses new upgrades from now on, those that wait for a decision included.
   */
  stopAccepting(): void {
    this.draining = true;
    this.entrance.close();
  }

  /**
   * Closes all connections with 1001 and waits until they are gone. Those that
   * are left after `limit` milliseconds are cut.
   */
  async close(limit: number): Promise<void> {
    this.stopAccepting();
    this.heartbeat?.stop();
    if (this.open.size === 0) return;
    const gone = new Promise<void>((resolve) => (this.whenEmpty = resolve));
    for (const client of this.open) client.closeFor('goingAway');
    const timer = setTimeout(() => {
      for (const client of this.open) client.terminate();
    }, limit);
    await gone;
    clearTimeout(timer);
  }

  received(client: WebSocketClient, text: string): void {
    // Messages during shutdown are dropped: nobody waits for the work that they
    // would start.
    if (!this.draining) this.registry.dispatch(client, text);
  }

  failed(_client: WebSocketClient, error: unknown): void {
    this.registry.failed(
      { reason: 'outbox' },
      error,
      () => 'Could not send to a client',
    );
  }

  left(client: WebSocketClient): void {
    this.heartbeat?.delete(client);
    this.open.delete(client);
    this.registry.disconnect(client);
    if (this.open.size === 0) this.whenEmpty();
  }

  private whenEmpty: () => void = ignore;

  private accept(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    admission: Admission,
    ip: string,
  ): void {
    // An upgrade request with a body: older Nodes take the body for frames,
    // newer ones read it first.
    if (request.method === 'GET' && hasBody(request)) {
      throw new UpgradeRefused(400, 'An upgrade request has no body');
    }
    this.server.handleUpgrade(request, socket, head, (ws) => {
      const client = new WebSocketClient(
        ws,
        socket,
        {
          headers: request.headers,
          url: request.url ?? '/',
          remoteAddress: request.socket.remoteAddress,
          ip,
          ...(ws.protocol === '' ? {} : { subprotocol: ws.protocol }),
        },
        this,
      );
      this.open.add(client);
      this.heartbeat?.add(client);
      admit(this.registry, client, admission);
    });
  }

  /**
   * Called by `ws` before it writes anything: an exception refuses the upgrade.
   */
  private selectProtocol(
    offered: readonly string[],
    request: IncomingMessage,
  ): string | false {
    const selected = selectSubprotocol(this.subprotocol, offered, request);
    if (selected !== undefined) return selected;
    // Only their number: tokens are sent as subprotocols.
    this.registry.log.debug('subprotocols', () => {
      const path = pathOf(request.url ?? '');
      return `Selected none of ${offered.length} subprotocols that a client offered on ${excerpt(path)}. Browsers drop such a connection: offer none, or give the endpoint the option "subprotocol"`;
    });
    return false;
  }
}

function ignore(): void {}
