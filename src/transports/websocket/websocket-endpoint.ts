import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type RawData, type Server, type WebSocket } from 'ws';
import type { MaybePromise } from '../../broker/ports.js';
import { frozenJson } from '../../core/frozen-json.js';
import { excerpt } from '../../core/log-line.js';
import { isInstance } from '../../core/is-instance.js';
import type { OutboxLimits } from '../../core/outbox.js';
import { OutboxFlusher } from '../../core/outbox-flusher.js';
import { isPromiseLike } from '../../core/promise-like.js';
import { withoutQuery } from '../../core/redaction.js';
import type { ServiceRegistry } from '../../core/service-registry.js';
import { CloseCode } from '../../protocol/errors.js';
import type { JsonValue } from '../../protocol/json.js';
import type { IdentityInput } from '../../protocol/snorky-types.js';
import { LONGEST_TIMER } from '../longest-timer.js';
import { peerOf, type Visitor, type VisitorOf } from '../visitor.js';
import { FrameJoiner } from './frame-joiner.js';
import { Heartbeat } from './heartbeat.js';
import { allowsOrigin, type Origins } from './origins.js';
import { PendingHandshakes } from './pending-handshakes.js';
import { refuseUpgrade, shuttingDown, UpgradeRefused } from './refusal.js';
import { selectSubprotocol, type SelectSubprotocol } from './subprotocols.js';
import {
  SnorkySocket,
  WebSocketClient,
  type WebSocketContext,
} from './websocket-client.js';
import { hasBody } from './upgrade-body.js';
import {
  webSocketSettings,
  type WebSocketOptions,
  type WebSocketSettings,
} from './websocket-options.js';

/** Who a client is, as established before its handshake was accepted. */
export interface Admission {
  readonly identity: JsonValue;
  /** Until when that holds, in milliseconds since 1970. */
  readonly expiresAt?: number | undefined;
}

/**
 * Decides about an upgrade.
 *
 * @throws UpgradeRefused to refuse it.
 */
export type Admit = (
  request: IncomingMessage,
  visitor: Visitor,
) => MaybePromise<Admission>;

/**
 * The WebSocket side of a registry at one path: turns upgrade requests into
 * clients. It owns no server; whoever does hands it the upgrades.
 */
export class WebSocketEndpoint implements WebSocketContext {
  readonly settings: WebSocketSettings;
  readonly counters: ServiceRegistry['counters'];
  readonly flusher: OutboxFlusher = new OutboxFlusher();
  readonly limits: OutboxLimits;
  readonly joiner: FrameJoiner = new FrameJoiner();

  private readonly server: Server<typeof SnorkySocket>;
  private readonly heartbeat: Heartbeat<WebSocketClient> | undefined;
  private readonly origins: Origins;
  private readonly subprotocol: SelectSubprotocol | undefined;
  private readonly open = new Set<WebSocketClient>();
  private readonly handshakes: PendingHandshakes;
  private draining = false;

  /**
   * @param admit Guards, middleware and `identify`; without it everybody may
   *   connect and nobody is known.
   * @param visitorOf Who is behind the proxy, if one is trusted.
   * @throws TypeError when an option cannot be.
   */
  constructor(
    private readonly registry: ServiceRegistry,
    options: WebSocketOptions = {},
    private readonly admit?: Admit,
    private readonly visitorOf: VisitorOf = peerOf,
  ) {
    this.settings = webSocketSettings(options);
    this.limits = {
      limit: this.settings.maxWaiting,
      burst: this.settings.maxBurst,
    };
    this.counters = registry.counters;
    this.handshakes = new PendingHandshakes(this.settings.handshakeTimeout);
    this.origins = options.origins ?? (admit === undefined ? '*' : 'same');
    this.subprotocol = options.subprotocol;
    this.server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      // Pongs are ours: those of `ws` have no bound (see WebSocketClient).
      autoPong: false,
      // `ws` would answer with 1007 where the wire drops the connection.
      skipUTF8Validation: true,
      maxPayload: this.settings.maxPayload,
      perMessageDeflate: options.compression ?? false,
      handleProtocols: (offered, request) =>
        this.selectProtocol([...offered], request),
      WebSocket: SnorkySocket,
    });
    if (this.settings.heartbeat > 0) {
      this.heartbeat = new Heartbeat(this.settings.heartbeat, (client) => {
        client.beat();
      });
    }
  }

  /** Takes an upgrade request. Never throws. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Node has removed its own listener: a reset while a guard is running would
    // otherwise end the process.
    socket.on('error', ignore);
    try {
      this.checkRoom();
      const visitor = this.visitorOf(request);
      if (!allowsOrigin(this.origins, request, visitor)) {
        throw new UpgradeRefused(403, 'Origin not allowed');
      }
      const admission = this.admit?.(request, visitor) ?? NOBODY;
      if (isPromiseLike(admission)) {
        this.handshakes.wait(socket, admission, {
          accepted: (admitted) =>
            this.tryAccept(request, socket, head, admitted, visitor.ip),
          refused: (error) => this.refuse(socket, error, request),
          timedOut: () =>
            this.refuse(
              socket,
              new UpgradeRefused(503, 'The handshake timed out'),
              request,
            ),
        });
      } else {
        this.accept(request, socket, head, admission, visitor.ip);
      }
    } catch (error) {
      this.refuse(socket, error, request);
    }
  }

  /** Refuses new upgrades from now on, those under way included. */
  stopAccepting(): void {
    this.draining = true;
    for (const socket of this.handshakes.abandon()) {
      this.refuse(socket, shuttingDown());
    }
  }

  /**
   * Closes all connections with 1001 and waits until they are gone; those that
   * are not within `limit` milliseconds are cut.
   */
  async close(limit: number): Promise<void> {
    this.stopAccepting();
    this.heartbeat?.stop();
    if (this.open.size === 0) return;
    const gone = new Promise<void>((resolve) => (this.whenEmpty = resolve));
    for (const client of this.open) client.close(CloseCode.goingAway);
    const timer = setTimeout(() => {
      for (const client of this.open) client.terminate();
    }, limit);
    await gone;
    clearTimeout(timer);
  }

  received(client: WebSocketClient, text: string): void {
    // What arrives during shutdown would start work that nobody waits for.
    if (!this.draining) this.registry.dispatch(client, text);
  }

  failed(_client: WebSocketClient, error: unknown): void {
    this.registry.failed('outbox', error, () => 'Could not send to a client');
  }

  left(client: WebSocketClient): void {
    this.heartbeat?.delete(client);
    this.open.delete(client);
    this.registry.disconnect(client);
    if (this.open.size === 0) this.whenEmpty();
  }

  private whenEmpty: () => void = ignore;

  private checkRoom(): void {
    if (this.draining) throw shuttingDown();
    if (this.open.size + this.handshakes.size >= this.settings.maxConnections) {
      throw new UpgradeRefused(503, 'Too many connections');
    }
  }

  private tryAccept(...args: Parameters<WebSocketEndpoint['accept']>): void {
    try {
      this.accept(...args);
    } catch (error) {
      this.refuse(args[1], error, args[0]);
    }
  }

  private accept(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    admission: Admission,
    ip: string,
  ): void {
    // Throws for what is no JSON: after the upgrade it would be too late to refuse.
    const identity = frozenJson(admission.identity, 'identity');
    // What older Nodes take for frames, and newer ones wait for.
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
      client.identity = identity as IdentityInput;
      ws.on('message', onMessage);
      ws.on('ping', onPing);
      ws.on('pong', onPong);
      ws.on('error', ignore);
      ws.on('close', onClose);
      this.open.add(client);
      this.heartbeat?.add(client);
      if (admission.expiresAt !== undefined) {
        this.expire(client, admission.expiresAt);
      }
      this.registry.connect(client);
    });
  }

  /** Called by `ws` before it writes anything: who throws refuses. */
  private selectProtocol(
    offered: readonly string[],
    request: IncomingMessage,
  ): string | false {
    const selected = selectSubprotocol(this.subprotocol, offered, request);
    if (selected !== undefined) return selected;
    // Their number alone: tokens come that way.
    this.registry.log.debug('subprotocols', () => {
      const [path = ''] = (request.url ?? '').split('?', 1);
      return `Selected none of ${offered.length} subprotocols that a client offered on ${excerpt(path)}. Browsers drop such a connection: offer none, or give the endpoint the option "subprotocol"`;
    });
    return false;
  }

  private expire(client: WebSocketClient, expiresAt: number): void {
    const left = expiresAt - Date.now();
    client.expiry = setTimeout(
      () => {
        if (left > LONGEST_TIMER) this.expire(client, expiresAt);
        else {
          this.counters.closedExpired++;
          client.close(CloseCode.identityExpired, 'Identity expired');
        }
      },
      Math.min(Math.max(left, 0), LONGEST_TIMER),
    );
    client.expiry.unref();
  }

  private refuse(
    socket: Duplex,
    error: unknown,
    request?: IncomingMessage,
  ): void {
    this.counters.refused++;
    if (isInstance(error, UpgradeRefused)) {
      // A browser does not tell its page why.
      this.registry.log.debug('refused', () => {
        const { url = '', headers } = request ?? {};
        const from = excerpt(withoutQuery(headers?.origin ?? 'no origin'));
        return `Refused an upgrade of ${excerpt(withoutQuery(url))} (${from}): ${error.status} ${error.message}`;
      });
      refuseUpgrade(socket, error);
      return;
    }
    this.registry.failed('upgrade', error, () => 'An upgrade request failed');
    refuseUpgrade(socket, new UpgradeRefused(500, 'Internal Server Error'));
  }
}

const NOBODY: Admission = { identity: null };

function onMessage(this: WebSocket, data: RawData, isBinary: boolean): void {
  // `binaryType` is left at its default, so `ws` gives one Buffer per message.
  (this as SnorkySocket).client.onMessage(data as Buffer, isBinary);
}

function onPing(this: WebSocket, payload: Buffer): void {
  (this as SnorkySocket).client.onPing(payload);
}

function onPong(this: WebSocket): void {
  (this as SnorkySocket).client.awaitingPong = false;
}

function onClose(this: WebSocket): void {
  (this as SnorkySocket).client.onClosed();
}

function ignore(): void {}
