/** The events of a browser that make a connector act. */
export interface EnvironmentEvents {
  /** The device has a network again. */
  readonly online: () => void;
  /** The device says that it has no network any more. */
  readonly offline: () => void;
  /** Somebody looks at the page again: perhaps after hours of sleep. */
  readonly visible: () => void;
}

interface Events {
  addEventListener?(type: string, listener: () => void): void;
  removeEventListener?(type: string, listener: () => void): void;
}

/**
 * Follows the browser's own hints. Where there are none, as in Node, nothing
 * happens.
 *
 * @returns a function that stops it.
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
