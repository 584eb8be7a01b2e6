import type { IncomingMessage } from 'node:http';

/** Who sent a request, as far as the server knows that took it. */
export interface Visitor {
  /** The address; empty if the connection is gone already. */
  readonly ip: string;
  /** The addresses on the way, if the server trusts a proxy to name them. */
  readonly ips: readonly string[];
  /** `http` or `https`, unless a trusted proxy says something else. */
  readonly protocol: string;
  /** The host and port that the visitor asked for. */
  readonly host: string | undefined;
  /** The host without the port. */
  readonly hostname: string | undefined;
  readonly secure: boolean;
}

/** Finds out who sent a request. */
export type VisitorOf = (request: IncomingMessage) => Visitor;

/** The visitor where no proxy is trusted: the peer of the connection. */
export function peerOf({ socket, headers }: IncomingMessage): Visitor {
  const { host } = headers;
  const secure = 'encrypted' in socket && socket.encrypted === true;
  return {
    ip: socket.remoteAddress ?? '',
    ips: [],
    protocol: secure ? 'https' : 'http',
    host,
    hostname: host === undefined ? undefined : withoutPort(host),
    secure,
  };
}

function withoutPort(host: string): string {
  const port = host.indexOf(':', host.indexOf(']') + 1);
  return port === -1 ? host : host.slice(0, port);
}
