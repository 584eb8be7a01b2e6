import { networkInterfaces } from 'node:os';

const EVERYWHERE: readonly string[] = ['0.0.0.0', '::'];
const LOOPBACK = /^(127\.|::1$|localhost$)/;

/**
 * The address at which another device of the local network finds a server that
 * listens on `host`. Undefined if it listens on loopback, or if there is no
 * network.
 */
export function reachableAddress(host: string): string | undefined {
  if (LOOPBACK.test(host)) return undefined;
  if (!EVERYWHERE.includes(host)) return host;
  return Object.values(networkInterfaces())
    .flat()
    .find((address) => address?.family === 'IPv4' && !address.internal)
    ?.address;
}
