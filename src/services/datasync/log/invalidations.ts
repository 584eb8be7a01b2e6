import type { MaybePromise } from '../../../protocol/maybe-promise.js';
import { afterPart } from '../../../core/after-part.js';
import { whenReady } from '../../../core/promise-like.js';

/**
 * Milliseconds after an entry of a model in which the model gets no other one.
 */
const WINDOW = 1000;

/** What waits for the end of a window. */
interface Window {
  readonly models: ReadonlySet<string>;
  readonly timer: NodeJS.Timeout;
  /** Models of the window that were asked for again. */
  readonly again: Set<string>;
  waiting:
    { promise: Promise<void>; settle: (entry: unknown) => void } | undefined;
}

/**
 * Spares clients from fetching again and again. A model gets one entry at once,
 * and then one for each second in which there was a cause. Causes within a
 * second share the entry at its end. They cannot share the first one: a client
 * that has fetched in between would miss them.
 */
export class Invalidations {
  private readonly windows = new Map<string, Window>();
  private stopped = false;

  constructor(
    private readonly append: (
      models: readonly string[],
    ) => MaybePromise<unknown>,
  ) {}

  /**
   * Adds entries for models. Settles when the entries are in the log and read
   * on this node.
   */
  add(models: readonly string[]): MaybePromise<void> {
    const now: string[] = [];
    const waits = new Set<Promise<void>>();
    for (const model of new Set(models)) {
      const window = this.windows.get(model);
      if (window === undefined) now.push(model);
      else waits.add(this.wait(window, model));
    }
    if (now.length > 0) {
      this.open(now);
      const appended = this.append(now);
      if (waits.size === 0) return whenReady(appended, () => {});
      waits.add(Promise.resolve(appended).then(() => {}));
    }
    if (waits.size === 0) return;
    // Some entries may be written although others fail.
    return afterPart(() => Promise.all(waits).then(() => {}));
  }

  /**
   * Like `add`, for callers that cannot wait for the end of a window. Settles
   * when the entries that are written at once are in the log.
   *
   * @param failed Called when a later entry could not be written.
   */
  soon(
    models: Iterable<string>,
    failed: (error: unknown) => void,
  ): MaybePromise<void> {
    const now: string[] = [];
    for (const model of models) {
      const window = this.windows.get(model);
      if (window === undefined) now.push(model);
      else this.wait(window, model).catch(failed);
    }
    if (now.length > 0) return this.add(now);
  }

  /**
   * Writes the entries that wait, and from now on each one at once: a window
   * could end after the broker is closed.
   */
  stop(): void {
    this.stopped = true;
    for (const window of new Set(this.windows.values())) {
      clearTimeout(window.timer);
      this.windows.clear();
      this.send(window);
    }
  }

  private wait(window: Window, model: string): Promise<void> {
    window.again.add(model);
    if (window.waiting === undefined) {
      let settle: (entry: unknown) => void = () => {};
      const promise = new Promise<void>((resolve) => {
        settle = (entry) => resolve(entry as undefined);
      });
      window.waiting = { promise, settle };
    }
    return window.waiting.promise;
  }

  private open(models: readonly string[]): void {
    if (this.stopped) return;
    const window: Window = {
      models: new Set(models),
      timer: setTimeout(() => this.close(window), WINDOW).unref(),
      again: new Set(),
      waiting: undefined,
    };
    for (const model of models) this.windows.set(model, window);
  }

  private close(window: Window): void {
    for (const model of window.models) this.windows.delete(model);
    if (window.again.size > 0) this.open([...window.again]);
    this.send(window);
  }

  private send({ again, waiting }: Window): void {
    if (waiting === undefined) return;
    try {
      waiting.settle(this.append([...again]));
    } catch (error) {
      waiting.settle(Promise.reject(error as Error));
    }
  }
}
