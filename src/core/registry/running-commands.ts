/** The commands of a registry whose promises are under way. */
export class RunningCommands {
  private running = 0;
  private whenIdle: (() => void)[] = [];

  started(): void {
    this.running++;
  }

  ended(): void {
    if (--this.running > 0) return;
    for (const idle of this.whenIdle.splice(0)) idle();
  }

  /** Settles when no command is running, after `limit` milliseconds at most. */
  async idle(limit: number): Promise<void> {
    if (this.running === 0) return;
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([
      new Promise<void>((resolve) => this.whenIdle.push(resolve)),
      new Promise<void>((resolve) => (timer = setTimeout(resolve, limit))),
    ]);
    clearTimeout(timer);
  }
}
