import type { MaybePromise } from '../../../protocol/maybe-promise.js';
import { afterPart } from '../../../core/after-part.js';
import { whenReady } from '../../../core/promise-like.js';

/** Milliseconds in which a model makes one entry at most, after the first. */
const WINDOW = 1000;

/** What waits for the end of a window. */
interface Window {
  readonly models: ReadonlySet<string>;
  readonly timer: NodeJS.Timeout;
  /** Models of it that were asked for again. */
  readonly again: Set<string>;
  waiting:
    { promise: Promise<void>; settle: (entry: unknown) => void } | undefined;
}

/**
 * Spares clients from fetching again and again: a model has one entry at once,
 * and then one for each second in which there was a cause. Later causes merge
 * into the later entry and never into the first: a client that fetched in between
 * would miss them.
 */
export class Invalidations {
  private readonly windows = new Map<string, Window>();

  constructor(
    private readonly append: (
      models: readonly string[],
    ) => MaybePromise<unknown>,
  ) {}

  /** Settles when the entries that say so are in the log, and read here. */
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
    // Some may be done when others fail.
    return afterPart(() => Promise.all(waits).then(() => {}));
  }

  /**
   * The same for whoever cannot wait for the end of a window: settles when the
   * entry is there that is made at once, if any is.
   *
   * @param failed Told when a later one could not be made.
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

  /** What waits goes out at once. */
  stop(): void {
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
