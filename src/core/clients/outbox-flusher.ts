/** Something that is flushed: an outbox. */
export interface Flushable {
  flush(): void;
}

/**
 * Flushes all outboxes that were used in a turn of the event loop, after its
 * poll phase: one callback for all of them, however many there are.
 */
export class OutboxFlusher {
  private dirty: Flushable[] = [];
  private scheduled = false;

  /** Has an outbox flushed at the end of this turn. */
  mark(outbox: Flushable): void {
    this.dirty.push(outbox);
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(this.run);
  }

  private readonly run = (): void => {
    const dirty = this.dirty;
    this.dirty = [];
    this.scheduled = false;
    for (const outbox of dirty) outbox.flush();
  };
}
