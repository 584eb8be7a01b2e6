import { ServerResponse, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Server as TlsServer } from 'node:tls';
import { hasBody } from '../../transports/websocket/upgrade-body.js';

/** Newer Nodes ask it whether a request that offers an upgrade is to be one. */
interface AskingServer extends Server {
  shouldUpgradeCallback?: (this: Server, request: IncomingMessage) => boolean;
}

/**
 * Has Node decline upgrades of requests with a body, of which it would not let go
 * before it has read them: such a request is then like any other, and its
 * connection goes on. Not for the rest: after an upgrade that it declines, Node
 * forgets what came in the same packet.
 *
 * @param declines Asked for each of them.
 * @returns Leaves the server as it was.
 */
export function declineUpgrades(
  server: AskingServer,
  declines: (request: IncomingMessage) => boolean,
): () => void {
  const before = server.shouldUpgradeCallback;
  if (before === undefined || !KEEPS_BODIES) return () => {};
  const asked = function (this: Server, request: IncomingMessage): boolean {
    if (hasBody(request) && declines(request)) return false;
    return before.call(this, request);
  };
  server.shouldUpgradeCallback = asked;
  return () => {
    if (server.shouldUpgradeCallback === asked) {
      server.shouldUpgradeCallback = before;
    }
  };
}

/**
 * Whether Node reads the body of a request that is to be an upgrade, as Node 26
 * does. Node 24 hands it over unread.
 */
const KEEPS_BODIES = Number.parseInt(process.versions.node, 10) > 24;

/**
 * Answers a request as if it offered no upgrade, as Node does while nobody
 * listens for upgrades: some HTTP clients offer one to h2c with every request.
 */
export function withoutUpgrade(
  server: Server,
  request: IncomingMessage,
  stream: Duplex,
  head: Buffer,
): void {
  if (KEEPS_BODIES && hasBody(request)) answer(server, request, stream);
  else parseAgain(server, request, stream, head);
}

/** The parser has let go of the connection: it is given to another one. */
function parseAgain(
  server: Server,
  { method, url, httpVersion, rawHeaders }: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (/^(upgrade|http2-settings)$/i.test(name)) continue;
    const value = rawHeaders[i + 1] as string;
    lines.push(
      /^connection$/i.test(name)
        ? `${name}: ${value.replace(/\b(upgrade|http2-settings)\b,?\s*/gi, '')}`
        : `${name}: ${value}`,
    );
  }
  const text = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  socket.unshift(Buffer.concat([text, head]));
  // What a TLS server is told of by 'connection' is not decrypted yet.
  const event = server instanceof TlsServer ? 'secureConnection' : 'connection';
  server.emit(event, socket);
}

/**
 * Answers a request whose body is being read. That is how one comes from a server whose upgrades nobody declined:
 * Fastify hands on those of its second one. The connection ends with the answer:
 * what would go on is no socket where the body came in pieces, and has no address.
 */
function answer(
  server: Server,
  request: IncomingMessage,
  stream: Duplex,
): void {
  // Parsers of bodies leave alone what is an upgrade.
  Reflect.set(request, 'upgrade', false);
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  // It takes any duplex stream, as servers do; the types know only sockets.
  response.assignSocket(stream as Socket);
  stream.on('error', () => {});
  response.once('finish', () => {
    response.detachSocket(stream as Socket);
    stream.end();
  });
  if (/\b100-continue\b/i.test(request.headers.expect ?? '')) {
    response.writeContinue();
  }
  server.emit('request', request, response);
}
