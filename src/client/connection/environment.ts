/** Events of a browser that a connector acts on. */
export interface EnvironmentEvents {
  /** The device has a network again. */
  readonly online: () => void;
  /** The device reports that it has no network. */
  readonly offline: () => void;
  /** The page is visible again, perhaps after hours of sleep. */
  readonly visible: () => void;
}

interface Events {
  addEventListener?(type: string, listener: () => void): void;
  removeEventListener?(type: string, listener: () => void): void;
}

/**
 * Follows the events of the browser. Does nothing where there are none, as in
 * Node.
 *
 * @returns A function that stops it.
 */
export function watchEnvironment(events: EnvironmentEvents): () => void {
  const scope = globalThis as Events & {
    readonly document?: Events & { readonly visibilityState?: string };
  };
  const { document } = scope;
  const visible = (): void => {
    if (document?.visibilityState === 'visible') events.visible();
  };
  const listen = (change: 'addEventListener' | 'removeEventListener'): void => {
    scope[change]?.('online', events.online);
    scope[change]?.('offline', events.offline);
    document?.[change]?.('visibilitychange', visible);
  };
  listen('addEventListener');
  return () => listen('removeEventListener');
}
