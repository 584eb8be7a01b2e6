/** What of the surroundings makes a connector act. */
export interface EnvironmentEvents {
  /** The device has a network again. */
  online(): void;
  /** The device says that it has no network any more. */
  offline(): void;
  /** Somebody looks at the page again: perhaps after hours of sleep. */
  visible(): void;
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
  const stops: (() => void)[] = [];
  const listen = (
    target: Events | undefined,
    type: string,
    listener: () => void,
  ): void => {
    target?.addEventListener?.(type, listener);
    stops.push(() => target?.removeEventListener?.(type, listener));
  };
  listen(scope, 'online', () => events.online());
  listen(scope, 'offline', () => events.offline());
  listen(document, 'visibilitychange', () => {
    if (document?.visibilityState === 'visible') events.visible();
  });
  return () => {
    for (const stop of stops) stop();
  };
}
