/** A function that is called with what a signal dispatches. */
export type Listener<Args extends unknown[]> = (...args: Args) => void;

interface Binding<Args extends unknown[]> {
  readonly listener: Listener<Args>;
  readonly context: unknown;
  readonly once: boolean;
}

/**
 * An event with any number of listeners. They are called in the order in which
 * they were added. A listener that throws does not disturb the others: its
 * error is reported as an uncaught one.
 *
 * @example
 * const changed = new Signal<[name: string]>();
 * const stop = changed.add((name) => console.log(name));
 * changed.dispatch('tasks');
 * stop();
 */
export class Signal<Args extends unknown[] = unknown[]> {
  private bindings: readonly Binding<Args>[] = [];

  /**
   * Adds a listener, unless the same one was added with the same context.
   *
   * @param context The value of `this` in the listener.
   * @returns A function that removes the listener.
   */
  add(listener: Listener<Args>, context?: unknown): () => void {
    return this.bind(listener, context, false);
  }

  /** Adds a listener for the next dispatch only. */
  addOnce(listener: Listener<Args>, context?: unknown): () => void {
    return this.bind(listener, context, true);
  }

  /** Removes a listener that was added with the same context. */
  remove(listener: Listener<Args>, context?: unknown): void {
    this.bindings = this.bindings.filter(
      (other) => other.listener !== listener || other.context !== context,
    );
  }

  /** Removes all listeners. */
  removeAll(): void {
    this.bindings = [];
  }

  /** Whether a listener was added with this context. */
  has(listener: Listener<Args>, context?: unknown): boolean {
    return this.bindings.some(
      (other) => other.listener === listener && other.context === context,
    );
  }

  /**
   * Calls the listeners. A listener that is added meanwhile is not called yet;
   * one that is removed meanwhile is not called any more.
   */
  dispatch(...args: Args): void {
    for (const binding of this.bindings) {
      if (!this.bindings.includes(binding)) continue;
      if (binding.once) this.remove(binding.listener, binding.context);
      try {
        binding.listener.apply(binding.context, args);
      } catch (error) {
        reportUncaught(error);
      }
    }
  }

  private bind(
    listener: Listener<Args>,
    context: unknown,
    once: boolean,
  ): () => void {
    if (!this.has(listener, context)) {
      // A copy: a dispatch may be walking over the present list.
      this.bindings = [...this.bindings, { listener, context, once }];
    }
    return () => this.remove(listener, context);
  }
}

/**
 * Reports the error of a listener as the platform does for event listeners:
 * `window.onerror` gets it. Node has no `reportError`, and an uncaught
 * exception would end the process there, so the error is printed.
 */
export function reportUncaught(error: unknown): void {
  const { reportError } = globalThis as {
    reportError?: (error: unknown) => void;
  };
  if (typeof reportError === 'function') reportError(error);
  else console.error(error);
}
