import { networkInterfaces } from 'node:os';

const EVERYWHERE: readonly string[] = ['0.0.0.0', '::'];
const LOOPBACK = /^(127\.|::1$|localhost$)/;

/**
 * Where another device of the local network finds a server that listens on
 * `host`. Undefined when it listens on loopback, or there is no network.
 */
export function reachableAddress(host: string): string | undefined {
  if (LOOPBACK.test(host)) return undefined;
  if (!EVERYWHERE.includes(host)) return host;
  return Object.values(networkInterfaces())
    .flat()
    .find((address) => address?.family === 'IPv4' && !address.internal)
    ?.address;
}
