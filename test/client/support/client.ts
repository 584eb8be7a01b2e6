import { Snorky } from 'snorky/client';
import type {
  Address,
  ConnectionState,
  ServiceClasses,
  Signal,
  SnorkyOptions,
  SocketClass,
} from 'snorky/client';
import { WebSocket } from 'ws';

/** Comes back fast, since tests wait for it. */
export const FAST = { minDelay: 1, maxDelay: 20 } as const;

/** The socket class of `ws`, as an application on Node passes it. */
export const NodeWebSocket = WebSocket as unknown as SocketClass;

/** A client on Node, disconnected by `using`. */
export function connect<Classes extends ServiceClasses>(
  address: Address,
  services: Classes,
  options: SnorkyOptions = {},
): Snorky<Classes> & Disposable {
  const snorky = new Snorky(NodeWebSocket, address, services, {
    reconnect: FAST,
    ...options,
  });
  return Object.assign(snorky, {
    [Symbol.dispose]: () => snorky.disconnect(),
  });
}

/** Keeps a type from being inferred from where this is. */
type AsGiven<Args extends unknown[]> = Args extends unknown ? Args : never;

/** The arguments of the next dispatch. */
export function dispatched<Args extends unknown[]>(
  signal: Signal<Args>,
  wanted: (...args: AsGiven<Args>) => boolean = () => true,
): Promise<Args> {
  return new Promise((resolve) => {
    const stop = signal.add((...args) => {
      if (!wanted(...(args as AsGiven<Args>))) return;
      stop();
      resolve(args);
    });
  });
}

/** Waits until a client is in a state. */
export async function inState(
  snorky: Pick<Snorky, 'state' | 'stateChanged'>,
  state: ConnectionState,
): Promise<void> {
  if (snorky.state !== state) {
    await dispatched(snorky.stateChanged, (now) => now === state);
  }
}

/** What a promise is rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('It was not rejected');
}
