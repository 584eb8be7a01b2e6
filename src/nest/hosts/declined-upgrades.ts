import { ServerResponse, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Server as TlsServer } from 'node:tls';
import { hasBody } from '../../transports/websocket/upgrade-body.js';

/**
 * Newer Nodes call this to learn whether a request that offers an upgrade
 * becomes one.
 */
interface AskingServer extends Server {
  shouldUpgradeCallback?: (this: Server, request: IncomingMessage) => boolean;
}

/**
 * Makes Node decline the upgrade of a request with a body that no listener
 * takes. The request is then an ordinary one, and its connection goes on.
 * Otherwise Node would keep the connection until it has read the body. Only
 * requests with a body are declined: after declining, Node forgets what came in
 * the same packet.
 *
 * @param declines Whether no listener takes the request.
 * @returns A function that leaves the server as it was.
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
 * Whether Node reads the body of an upgrade request before the upgrade, as Node
 * 26 does. Node 24 hands the body over unread.
 */
const KEEPS_BODIES = Number.parseInt(process.versions.node, 10) > 24;

/**
 * Answers a request as if it offered no upgrade. Node does so while nobody
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

/** Gives the connection to a new parser: the first one has let go of it. */
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
  // A TLS server gets 'connection' for a socket that is not decrypted yet.
  const event = server instanceof TlsServer ? 'secureConnection' : 'connection';
  server.emit(event, socket);
}

/**
 * Answers a request whose body Node is reading. Such a request comes from a
 * server on which upgrades are not declined: Fastify passes on those of its
 * second server. The connection ends with the answer. It could not go on: if
 * the body came in pieces, the stream is no socket and has no address.
 */
function answer(
  server: Server,
  request: IncomingMessage,
  stream: Duplex,
): void {
  // Body parsers do not touch a request that is an upgrade.
  Reflect.set(request, 'upgrade', false);
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  // Any duplex stream is taken here, as by servers; the types know only
  // sockets.
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
